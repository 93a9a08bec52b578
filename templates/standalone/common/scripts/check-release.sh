#!/bin/bash
# Do the versions agree? Every version in the gallery, every image's tag (but for images of the branch main) and, where one
# is given, the release's tag.
#   check-release.sh [v1.2.3]
set -euo pipefail

index="$(dirname "$0")/../gallery/index.yaml"
versions=$(sed -n 's/^ *version: *"\(.*\)" *$/\1/p' "$index" | sort -u)
if [ "$(printf '%s\n' "$versions" | wc -l)" -ne 1 ] || [ -z "$versions" ]; then
    echo "gallery/index.yaml has more or less than one version: $(echo "$versions" | tr '\n' ' ')" >&2
    exit 1
fi
wrong=$(sed -n 's/^ *uri: *"\{0,1\}\([^"]*\)"\{0,1\} *$/\1/p' "$index" | grep -v -e ":$versions-" -e ':main-' || true)
if [ -n "$wrong" ]; then
    printf 'these images are not of version %s:\n%s\n' "$versions" "$wrong" >&2
    exit 1
fi
if [ $# -gt 0 ] && [ "${1#v}" != "$versions" ]; then
    echo "the tag is $1, and gallery/index.yaml says $versions" >&2
    exit 1
fi
echo "$versions"
