#!/usr/bin/env bash
# test.sh [ARGUMENTS]: every test but the slow ones, in WORKERS processes; those that no other may run beside (marker
# `alone`) come last, one after the other (tests/shares.py). The arguments go to pytest; with `-m` among them there is
# one plain run.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
pytest=.venv/bin/pytest
# Programs are started some hundred times: what has been compiled once is kept, whatever the machine's habit is.
unset PYTHONDONTWRITEBYTECODE
# One more than there are cores, since tests mostly wait for what they have started; no more than memory has room for.
cores=$(nproc)
workers=${WORKERS:-$((cores < 5 ? cores + 1 : 6))}

for word in "$@"; do
    [[ $word == -m* ]] && exec "$pytest" "$@"
done
exec "$pytest" -n "$workers" --no-loadscope-reorder "$@"
