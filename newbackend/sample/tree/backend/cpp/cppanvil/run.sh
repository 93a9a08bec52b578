#!/bin/bash
set -e

CURDIR=$(dirname "$(realpath "$0")")

if [ "$(uname)" = "Darwin" ]; then
    export DYLD_LIBRARY_PATH="$CURDIR/lib:${DYLD_LIBRARY_PATH:-}"
else
    export LD_LIBRARY_PATH="$CURDIR/lib:${LD_LIBRARY_PATH:-}"
fi

# The packaged loader and C library make the binary independent of the host's.
if [ -f "$CURDIR/lib/ld.so" ]; then
    exec "$CURDIR/lib/ld.so" "$CURDIR/grpc-server" "$@"
fi

exec "$CURDIR/grpc-server" "$@"
