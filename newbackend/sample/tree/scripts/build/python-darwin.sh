#!/bin/bash
# macOS image of a Python backend: BACKEND=<name> bash scripts/build/python-darwin.sh
set -ex

export USE_PIP=true
export BUILD_TYPE="${BUILD_TYPE:-mps}"
IMAGE_NAME="${IMAGE_NAME:-localai/$BACKEND-darwin}"

mkdir -p backend-images
make -C "backend/python/$BACKEND"
cp -rf backend/python/common "backend/python/$BACKEND/common"
./local-ai util create-oci-image \
    "backend/python/$BACKEND/." \
    --output "./backend-images/$BACKEND.tar" \
    --image-name "$IMAGE_NAME" \
    --platform "${PLATFORMARCH:-darwin/arm64}"
rm -rf "backend/python/$BACKEND/common"
make -C "backend/python/$BACKEND" clean
