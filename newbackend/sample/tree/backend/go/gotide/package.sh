#!/bin/bash
# Fills package/. The binary is static: there are no libraries to bring along.
set -e

CURDIR=$(dirname "$(realpath "$0")")

mkdir -p "$CURDIR/package"
cp -f "$CURDIR/gotide" "$CURDIR/run.sh" "$CURDIR/package/"
