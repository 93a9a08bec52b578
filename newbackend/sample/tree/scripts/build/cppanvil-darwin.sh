#!/bin/bash
# macOS image of the cppanvil backend: a native build, then every dylib outside the system.
set -ex

IMAGE_NAME="${IMAGE_NAME:-localai/cppanvil-darwin}"

make -C backend/cpp/cppanvil NATIVE=false grpc-server package

mkdir -p build/darwin/lib backend-images
cp -f backend/cpp/cppanvil/grpc-server backend/cpp/cppanvil/run.sh build/darwin/

otool -L build/darwin/grpc-server | awk 'NR > 1 { print $1 }' | while read -r lib; do
    if [[ "$lib" == *.dylib ]] && [[ -e "$lib" ]]; then
        cp -fv "$lib" build/darwin/lib
    fi
done

./local-ai util create-oci-image \
    build/darwin/. \
    --output ./backend-images/cppanvil.tar \
    --image-name "$IMAGE_NAME" \
    --platform "${PLATFORMARCH:-darwin/arm64}"

rm -rf build/darwin
