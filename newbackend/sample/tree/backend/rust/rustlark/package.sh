#!/bin/bash
# Fills package/ with all that the image needs.
set -e

CURDIR=$(dirname "$(realpath "$0")")
REPO_ROOT=$(realpath "$CURDIR/../../..")
BINARY="$CURDIR/target/release/rustlark-grpc"

mkdir -p "$CURDIR/package/lib"
cp -f "$BINARY" "$CURDIR/run.sh" "$CURDIR/package/"
source "$REPO_ROOT/scripts/build/package-system-libs.sh" "$CURDIR/package/lib"
for lib in $(ldd "$BINARY" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }'); do
    [ -e "$CURDIR/package/lib/$(basename "$lib")" ] || cp -L "$lib" "$CURDIR/package/lib/"
done
