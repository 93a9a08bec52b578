#!/bin/bash
# Moves the pin VAR?=<sha> in FILE to the newest commit of a branch.
set -e

REPO=$1
BRANCH=$2
VAR=$3
FILE=${4:-Makefile}

NEWEST=$(curl -fsSL -H "Accept: application/vnd.github.VERSION.sha" \
    "https://api.github.com/repos/$REPO/commits/$BRANCH" || true)
if ! [[ "$NEWEST" =~ ^[0-9a-f]{40}$ ]]; then
    echo "$VAR stays: $REPO@$BRANCH did not answer with a commit" >&2
    exit 1
fi

if ! grep -q "^$VAR?=" "$FILE"; then
    echo "there is no line $VAR?= in $FILE"
    exit 0
fi
sed -i "$FILE" -e "s/^$VAR?=.*/$VAR?=$NEWEST/"
echo "$NEWEST" > "${VAR}_commit.txt"
