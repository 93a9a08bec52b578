#!/bin/bash
# macOS image of a Go backend: BACKEND=<name> bash scripts/build/golang-darwin.sh
set -ex

export BUILD_TYPE="${BUILD_TYPE:-metal}"
IMAGE_NAME="${IMAGE_NAME:-localai/$BACKEND-darwin}"
PACKAGE="backend/go/$BACKEND/package"

mkdir -p backend-images
make -C "backend/go/$BACKEND" build

# The last exec of run.sh names the binary: an image without it would fail on first use.
BINARY=$(grep -oE '^[[:space:]]*exec .*"?\$CURDIR"?/[A-Za-z0-9_.-]+' "$PACKAGE/run.sh" | tail -1 | sed 's#.*/##')
if [ ! -x "$PACKAGE/$BINARY" ]; then
    echo "$PACKAGE/run.sh starts $BINARY, which is not in the package" >&2
    exit 1
fi

./local-ai util create-oci-image \
    "$PACKAGE/." \
    --output "./backend-images/$BACKEND.tar" \
    --image-name "$IMAGE_NAME" \
    --platform "${PLATFORMARCH:-darwin/arm64}"
make -C "backend/go/$BACKEND" clean
