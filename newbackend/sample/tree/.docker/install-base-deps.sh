#!/bin/bash
# Compilers, CMake and gRPC for the builder-fromsource stage of the shared-base C++ backends.
# The prebuilt base images run this very script.
set -e

sh /usr/local/sbin/apt-mirror
apt-get update
apt-get install -y --no-install-recommends \
    build-essential ca-certificates ccache cmake curl git libssl-dev pkg-config unzip

if [ "${SKIP_DRIVERS:-false}" = "false" ] && [ "${BUILD_TYPE:-}" = "vulkan" ]; then
    apt-get install -y --no-install-recommends libvulkan-dev glslc mesa-vulkan-drivers
fi
if [ "${SKIP_DRIVERS:-false}" = "false" ] && [ "${BUILD_TYPE:-}" = "cublas" ]; then
    curl -fsSLO "https://developer.download.nvidia.com/compute/cuda/repos/ubuntu${UBUNTU_VERSION}/x86_64/cuda-keyring_1.1-1_all.deb"
    dpkg -i cuda-keyring_1.1-1_all.deb
    apt-get update
    apt-get install -y --no-install-recommends "cuda-toolkit-${CUDA_MAJOR_VERSION}-${CUDA_MINOR_VERSION}"
fi

git clone --depth 1 --recurse-submodules --shallow-submodules -b "${GRPC_VERSION:-v1.65.0}" \
    https://github.com/grpc/grpc /tmp/grpc
cmake -S /tmp/grpc -B /tmp/grpc/build -DgRPC_INSTALL=ON -DgRPC_BUILD_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/opt/grpc
cmake --build /tmp/grpc/build --target install -j "$(nproc)"
rm -rf /tmp/grpc /var/lib/apt/lists/*
