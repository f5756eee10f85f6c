#!/usr/bin/env bash
# install.sh PYTHON LOCKFILE: install exactly what the lock file names, with one short line for each download.
set -euo pipefail
python=$1 lock=$2

echo "setup: installing $lock ($(grep -c '^[a-z].*==' "$lock") packages, about a minute the first time)"
"$python" -m pip install --disable-pip-version-check --progress-bar off --require-hashes -r "$lock" 2>&1 |
    sed -un -e 's/^ *Downloading \([^ /]*\) \((.*)\)$/  \1 \2/p' \
        -e 's/^Installing collected packages:.*/  unpacking/p' -e '/^ERROR\|^WARNING: Retrying\|^  *Expected\|^  *Got/p'
