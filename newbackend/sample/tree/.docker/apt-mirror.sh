#!/bin/sh
# Points apt at another mirror when APT_MIRROR or APT_PORTS_MIRROR is set.
set -e

for list in /etc/apt/sources.list /etc/apt/sources.list.d/ubuntu.sources; do
    [ -f "$list" ] || continue
    if [ -n "${APT_MIRROR:-}" ]; then
        sed -i -E "s#https?://(archive|security)\.ubuntu\.com#${APT_MIRROR%/}#g" "$list"
    fi
    if [ -n "${APT_PORTS_MIRROR:-}" ]; then
        sed -i -E "s#https?://ports\.ubuntu\.com#${APT_PORTS_MIRROR%/}#g" "$list"
    fi
done
