#!/bin/bash
# Shared by the scripts of every Python backend. A script sources this file and then calls
# installRequirements, startBackend or runUnittests.
#
#   USE_PIP=true      venv and pip; anything else needs uv
#   PYTHON_VERSION    wanted interpreter (uv only downloads it; with pip: pythonX.Y when it exists)
#   ENV_DIR           keeps the environment, and looks for the requirements, somewhere else
#   LIMIT_TARGETS     build types or profiles to build for; others end quietly

set -euo pipefail

MY_DIR=$(dirname "$(realpath "$0")")
EDIR=$MY_DIR
if [ -n "${ENV_DIR:-}" ]; then EDIR=$ENV_DIR; fi
BACKEND_NAME=$(basename "$PWD")
USE_PIP=${USE_PIP:-false}
PYTHON_VERSION=${PYTHON_VERSION:-3.10}
EXTRA_PIP_INSTALL_FLAGS=${EXTRA_PIP_INSTALL_FLAGS:-}

# cublas becomes cublas12 or cublas13, l4t becomes l4t12 or l4t13, nothing becomes cpu.
function getBuildProfile() {
    case "${BUILD_TYPE:-}" in
        cublas | l4t)
            if [ -n "${CUDA_MAJOR_VERSION:-}" ]; then
                echo "${BUILD_TYPE}${CUDA_MAJOR_VERSION}"
            else
                echo "$BUILD_TYPE"
            fi
            ;;
        "") if [ -d /opt/intel ]; then echo "intel"; else echo "cpu"; fi ;;
        *) if [ -d /opt/intel ]; then echo "intel"; else echo "$BUILD_TYPE"; fi ;;
    esac
}
BUILD_PROFILE=$(getBuildProfile)

if [ -n "${LIMIT_TARGETS:-}" ]; then
    case " $LIMIT_TARGETS " in
        *" ${BUILD_TYPE:-cpu} "* | *" $BUILD_PROFILE "*) ;;
        *)
            echo "$BACKEND_NAME is not built for $BUILD_PROFILE"
            exit 0
            ;;
    esac
fi

function wantedPython() {
    # A shim may answer to pythonX.Y without having it: try before trusting.
    if "python$PYTHON_VERSION" -c '' 2>/dev/null; then
        echo "python$PYTHON_VERSION"
    else
        echo "python3"
    fi
}

function ensureVenv() {
    if [ ! -x "$EDIR/venv/bin/python" ]; then
        if [ "$USE_PIP" = "true" ]; then
            "$(wantedPython)" -m venv "$EDIR/venv"
        else
            uv venv --python "$PYTHON_VERSION" "$EDIR/venv"
        fi
    fi
    # shellcheck disable=SC1091
    source "$EDIR/venv/bin/activate"
}

function installFile() {
    if [ ! -f "$1" ]; then return 0; fi
    echo "installing $1"
    if [ "$USE_PIP" = "true" ]; then
        # shellcheck disable=SC2086
        "$EDIR/venv/bin/python" -m pip install --quiet --disable-pip-version-check $EXTRA_PIP_INSTALL_FLAGS --requirement "$1"
    else
        # shellcheck disable=SC2086
        uv pip install $EXTRA_PIP_INSTALL_FLAGS --requirement "$1"
    fi
}

# Installs the requirement files of this build in a fixed order; one that is missing is skipped.
# The stubs come last, made for the protobuf that the files brought along.
function installRequirements() {
    ensureVenv
    local files=("install" "")
    if [ -n "${BUILD_TYPE:-}" ]; then files+=("$BUILD_TYPE"); fi
    if [ "$BUILD_PROFILE" != "${BUILD_TYPE:-}" ]; then files+=("$BUILD_PROFILE"); fi
    if [ -z "${BUILD_TYPE:-}" ] && [ "$BUILD_PROFILE" != "cpu" ]; then files+=("cpu"); fi
    files+=("after")
    if [ "$BUILD_PROFILE" != "${BUILD_TYPE:-}" ]; then files+=("$BUILD_PROFILE-after"); fi
    local suffix
    for suffix in "${files[@]}"; do
        installFile "$EDIR/requirements${suffix:+-$suffix}.txt"
    done
    runProtogen
}

# Generates backend_pb2*.py beside the server. grpcio-tools must not be newer than the installed
# grpcio, and must not change the backend's environment: it gets one of its own.
function runProtogen() {
    ensureVenv
    local proto=""
    local candidate
    for candidate in "$EDIR/backend.proto" "$EDIR/../../backend.proto"; do
        if [ -f "$candidate" ]; then proto=$(realpath "$candidate"); break; fi
    done
    if [ -z "$proto" ]; then
        echo "backend.proto is neither in $EDIR nor two folders up" >&2
        return 1
    fi
    local grpcio
    grpcio=$("$EDIR/venv/bin/python" -c 'import importlib.metadata as m; print(m.version("grpcio"))')
    local tools
    tools=$(mktemp -d)
    "$EDIR/venv/bin/python" -m venv "$tools/venv"
    "$tools/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        "grpcio-tools<=$grpcio" "protobuf<=$("$EDIR/venv/bin/python" -c 'import importlib.metadata as m; print(m.version("protobuf"))')"
    "$tools/venv/bin/python" -m grpc_tools.protoc -I "$(dirname "$proto")" \
        --python_out="$EDIR" --grpc_python_out="$EDIR" "$proto"
    rm -rf "$tools"
    (cd "$EDIR" && "$EDIR/venv/bin/python" -c 'import backend_pb2, backend_pb2_grpc')
}

# Replaces the shell with the server: BACKEND_FILE, server.py or backend.py.
function startBackend() {
    ensureVenv
    local server=${BACKEND_FILE:-}
    local candidate
    for candidate in server.py backend.py; do
        if [ -z "$server" ] && [ -f "$MY_DIR/$candidate" ]; then server=$MY_DIR/$candidate; fi
    done
    if [ -z "$server" ]; then
        echo "no server.py and no backend.py in $MY_DIR" >&2
        exit 1
    fi
    export LD_LIBRARY_PATH="$EDIR/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    exec "$EDIR/venv/bin/python" "$server" "$@"
}

function runUnittests() {
    ensureVenv
    cd "$MY_DIR"
    "$EDIR/venv/bin/python" -m unittest "${TEST_FILE:-test.py}"
}
