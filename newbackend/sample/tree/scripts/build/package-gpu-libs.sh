#!/bin/bash
# Copies the GPU run-time libraries that BUILD_TYPE needs into a package.
#
#   source package-gpu-libs.sh <lib dir>
#   package_gpu_libs
#
# The host's driver (libcuda, libnvidia-*) is never copied: it belongs to the host's kernel.

GPU_LIBS_DEST="$1"

# Copies the files that match any of the patterns, with their link names.
copy_gpu_libs() {
    local pattern lib
    mkdir -p "$GPU_LIBS_DEST"
    for pattern in "$@"; do
        for lib in $pattern; do
            if [ -e "$lib" ]; then cp -a "$lib" "$GPU_LIBS_DEST/"; fi
        done
    done
}

package_gpu_libs() {
    case "${BUILD_TYPE:-}" in
        "" | cpu) ;;
        cublas | l4t)
            copy_gpu_libs '/usr/local/cuda/lib64/libcudart.so*' '/usr/local/cuda/lib64/libcublas*.so*'
            ;;
        hipblas)
            copy_gpu_libs '/opt/rocm/lib/libamdhip64.so*' '/opt/rocm/lib/libhipblas*.so*' '/opt/rocm/lib/librocblas.so*'
            cp -a /opt/rocm/lib/rocblas "$GPU_LIBS_DEST/" 2>/dev/null || echo "package-gpu-libs: no rocblas data" >&2
            ;;
        sycl_f16 | sycl_f32 | intel)
            copy_gpu_libs '/opt/intel/oneapi/compiler/latest/lib/libsycl.so*' '/opt/intel/oneapi/mkl/latest/lib/libmkl_*.so*'
            ;;
        vulkan)
            copy_gpu_libs '/usr/lib/*-linux-gnu/libvulkan.so*' '/usr/lib/*-linux-gnu/libvulkan_*.so'
            mkdir -p "$GPU_LIBS_DEST/../vulkan/icd.d"
            cp -a /usr/share/vulkan/icd.d/. "$GPU_LIBS_DEST/../vulkan/icd.d/" 2>/dev/null || true
            ;;
        *) echo "package-gpu-libs: nothing to copy for BUILD_TYPE=$BUILD_TYPE" ;;
    esac
}
