#!/usr/bin/env bash
# lock.sh: write requirements*.txt and package-lock.json anew from requirements*.in and package.json.
# Versions and hashes only: an address in a lock file would tie everybody to one mirror.
set -euo pipefail
cd "$(dirname "$0")/.."
options=(--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --upgrade --quiet)

for name in requirements requirements-dev; do
    echo "lock: $name.txt"
    .venv/bin/uv pip compile "${options[@]}" --custom-compile-command "make lock" "$name.in" -o "$name.txt" >/dev/null
done
echo "lock: package-lock.json"
.venv/bin/python tools/pages.py --lock
