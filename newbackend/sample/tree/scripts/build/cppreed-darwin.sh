#!/bin/bash
# macOS image of the cppreed backend: a native build, then every dylib outside the system.
set -ex

IMAGE_NAME="${IMAGE_NAME:-localai/cppreed-darwin}"

make -C backend/cpp/cppreed NATIVE=false grpc-server package

mkdir -p build/darwin/lib backend-images
cp -f backend/cpp/cppreed/grpc-server backend/cpp/cppreed/run.sh build/darwin/

otool -L build/darwin/grpc-server | awk 'NR > 1 { print $1 }' | while read -r lib; do
    if [[ "$lib" == *.dylib ]] && [[ -e "$lib" ]]; then
        cp -fv "$lib" build/darwin/lib
    fi
done

./local-ai util create-oci-image \
    build/darwin/. \
    --output ./backend-images/cppreed.tar \
    --image-name "$IMAGE_NAME" \
    --platform "${PLATFORMARCH:-darwin/arm64}"

rm -rf build/darwin
