#!/usr/bin/env bash
# packages.sh: what tests use of the system. As root with apt it is installed; else it is named, and the tests that need
# it say so themselves when they are skipped.
set -euo pipefail

# program:package, on Debian and its kin
wanted=(
    ffmpeg:ffmpeg
    chromium:chromium
    redis-server:redis-server
    nginx:nginx
    gst-launch-1.0:gstreamer1.0-tools
    curl:curl
    setpriv:util-linux
)
# package, for what has no program of its own
modules=(libnginx-mod-rtmp gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav fonts-dejavu-core)

missing=()
for entry in "${wanted[@]}"; do
    command -v "${entry%%:*}" >/dev/null || missing+=("${entry##*:}")
done
if command -v dpkg-query >/dev/null; then
    for package in "${modules[@]}"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || missing+=("$package")
    done
fi
[[ ${#missing[@]} -eq 0 ]] && exit 0

if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
    echo "test: not on this machine, so tests that need it are skipped: ${missing[*]}"
    echo "test: on Debian: sudo apt-get install --no-install-recommends ${missing[*]}"
    exit 0
fi
echo "test: installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Nothing may start by itself: tests start their servers on ports of their own.
if ! { apt-get update -q && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -20 "$log"
    echo "test: apt-get failed; tests that need ${missing[*]} are skipped"
fi
