#!/bin/bash
# Copies the C library, its loader and the compilers' run-time libraries into a package, so that
# the binary does not depend on those of the host.
#
#   source package-system-libs.sh <lib dir> [<binary>]
#
# The loader is stored as <lib dir>/ld.so. On macOS there is nothing to copy: <binary> gets
# @loader_path/lib as a search path.
set -e

SYSTEM_LIBS_DEST="$1"
SYSTEM_LIBS_BINARY="${2:-}"
mkdir -p "$SYSTEM_LIBS_DEST"

if [ "$(uname -s)" = "Darwin" ]; then
    if [ -n "$SYSTEM_LIBS_BINARY" ]; then
        install_name_tool -add_rpath "@loader_path/lib" "$SYSTEM_LIBS_BINARY" 2>/dev/null || true
    fi
else
    if [ -e /lib64/ld-linux-x86-64.so.2 ]; then
        SYSTEM_LIBS_SOURCE=/lib/x86_64-linux-gnu
        SYSTEM_LIBS_LOADER=/lib64/ld-linux-x86-64.so.2
    elif [ -e /lib/ld-linux-aarch64.so.1 ]; then
        SYSTEM_LIBS_SOURCE=/lib/aarch64-linux-gnu
        SYSTEM_LIBS_LOADER=/lib/ld-linux-aarch64.so.1
    else
        echo "package-system-libs: neither an x86-64 nor an arm64 loader on this machine" >&2
        exit 1
    fi
    cp -fL "$SYSTEM_LIBS_LOADER" "$SYSTEM_LIBS_DEST/ld.so"
    for SYSTEM_LIB in libc.so.6 libgcc_s.so.1 libstdc++.so.6 libm.so.6 libgomp.so.1 libdl.so.2 librt.so.1 libpthread.so.0; do
        if [ -e "$SYSTEM_LIBS_SOURCE/$SYSTEM_LIB" ]; then
            cp -fL "$SYSTEM_LIBS_SOURCE/$SYSTEM_LIB" "$SYSTEM_LIBS_DEST/$SYSTEM_LIB"
        elif [ -e "/usr$SYSTEM_LIBS_SOURCE/$SYSTEM_LIB" ]; then
            cp -fL "/usr$SYSTEM_LIBS_SOURCE/$SYSTEM_LIB" "$SYSTEM_LIBS_DEST/$SYSTEM_LIB"
        else
            echo "package-system-libs: $SYSTEM_LIB is not in $SYSTEM_LIBS_SOURCE" >&2
            exit 1
        fi
    done
fi
