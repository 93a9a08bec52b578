#!/bin/bash
# Fills package/ with all that the image needs.
set -e

CURDIR=$(dirname "$(realpath "$0")")
REPO_ROOT=$(realpath "$CURDIR/../../..")

mkdir -p "$CURDIR/package/lib"
cp -f "$CURDIR/grpc-server" "$CURDIR/run.sh" "$CURDIR/package/"

if [ "$(uname)" = "Darwin" ]; then
    exit 0
fi

source "$REPO_ROOT/scripts/build/package-system-libs.sh" "$CURDIR/package/lib"

# gRPC alone brings some fifty libraries; ldd names them all.
for lib in $(ldd "$CURDIR/grpc-server" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }'); do
    [ -e "$CURDIR/package/lib/$(basename "$lib")" ] || cp -L "$lib" "$CURDIR/package/lib/"
done

source "$REPO_ROOT/scripts/build/package-gpu-libs.sh" "$CURDIR/package/lib"
package_gpu_libs

# Nothing may be missing or come from the host; the GPU driver is the host's business.
UNRESOLVED=$(LD_TRACE_LOADED_OBJECTS=1 LD_LIBRARY_PATH="$CURDIR/package/lib" \
    "$CURDIR/package/lib/ld.so" "$CURDIR/package/grpc-server" |
    grep -vE 'linux-vdso|libcuda\.so|libnvidia-' | grep -v "$CURDIR/package/" || true)
if [ -n "$UNRESOLVED" ]; then
    echo "not in the package:" >&2
    echo "$UNRESOLVED" >&2
    exit 1
fi
