#!/bin/bash
set -e

backend_dir=$(dirname "$0")
if [ -d "$backend_dir/common" ]; then
    source "$backend_dir/common/libbackend.sh"
else
    source "$backend_dir/../common/libbackend.sh"
fi

if [ "$BUILD_PROFILE" = "intel" ] && [ "$USE_PIP" != "true" ]; then
    EXTRA_PIP_INSTALL_FLAGS+=" --upgrade --index-strategy=unsafe-first-match"
fi
if [ "$BUILD_PROFILE" = "l4t12" ]; then
    USE_PIP=true
fi
if [ "$BUILD_PROFILE" = "l4t13" ]; then
    PYTHON_VERSION=3.12
fi

installRequirements
