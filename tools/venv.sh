#!/usr/bin/env bash
# venv.sh PYTHON FOLDER: make the virtual environment, or say in words why this Python cannot.
set -euo pipefail
python=$1 folder=$2

if [[ -z $python ]]; then
    echo "setup: no python3.11 on the PATH; install it, or name one: make setup PYTHON=/path/to/python3.11" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "setup: $("$python" --version) is too old, 3.11 is needed; name another: make setup PYTHON=…" >&2
    exit 1
fi
if "$python" -c 'import ensurepip' 2>/dev/null; then
    [[ -x $folder/bin/python ]] || { echo "setup: making $folder"; "$python" -m venv "$folder"; }
elif "$python" -m pip --version >/dev/null 2>&1; then
    # A distribution's Python without its venv package: its own pip can install into the new environment all the same.
    echo "setup: making $folder"
    "$python" -m venv --without-pip "$folder"
    "$python" -m pip --python "$folder/bin/python" install -q pip
else
    echo "setup: $python has neither ensurepip nor pip; on Debian: apt-get install python3-venv" >&2
    exit 1
fi
