#!/bin/bash
# Fills package/ with all that the image needs.
set -e

CURDIR=$(dirname "$(realpath "$0")")
REPO_ROOT=$(realpath "$CURDIR/../../..")

mkdir -p "$CURDIR/package/lib"
cp -f "$CURDIR/goquill" "$CURDIR/run.sh" "$CURDIR/package/"
if ! cp -f "$CURDIR"/build/libquillshim.* "$CURDIR/package/lib/"; then
    echo "build the engine first: make engine" >&2
    exit 1
fi

source "$REPO_ROOT/scripts/build/package-system-libs.sh" "$CURDIR/package/lib" "$CURDIR/package/goquill"
if [ "$(uname)" != "Darwin" ]; then
    source "$REPO_ROOT/scripts/build/package-gpu-libs.sh" "$CURDIR/package/lib"
    package_gpu_libs
fi
