#!/bin/bash
# Compiles and runs every *_test.cpp below this folder. Such a test is one file with a main of its
# own that needs the standard library and nothing else.
set -e

HERE=$(dirname "$(realpath "$0")")
OUT=$(mktemp -d)
trap 'rm -rf "$OUT"' EXIT

find "$HERE" -name '*_test.cpp' \
    -not -path '*/anvil.cpp/*' -not -path '*/reed.cpp/*' -not -path '*-build/*' | sort |
while read -r test; do
    echo "== ${test#"$HERE"/}"
    "${CXX:-g++}" -std=c++17 -Wall -Wextra -pthread -I "$(dirname "$test")" "$test" -o "$OUT/test"
    "$OUT/test"
done
