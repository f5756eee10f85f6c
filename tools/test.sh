#!/usr/bin/env bash
# test.sh [ARGUMENTS]: every test but the slow ones, in two parts. First, in WORKERS processes, what may share the
# machine; then, one after the other, what may not (marker `alone`). The arguments go to both; with `-m` among them
# there is one plain run, since the marker decides which part a test is in.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
pytest=.venv/bin/pytest
# Programs are started some hundred times: what has been compiled once is kept, whatever the machine's habit is.
unset PYTHONDONTWRITEBYTECODE
# One more than there are cores, since tests mostly wait for what they have started; no more than memory has room for.
cores=$(nproc)
workers=${WORKERS:-$((cores < 5 ? cores + 1 : 6))}
nothing_selected=5

for word in "$@"; do
    [[ $word == -m* ]] && exec "$pytest" "$@"
done

# What failed in the first part is named again after all that the second one says.
said=$(mktemp)
trap 'rm -f "$said"' EXIT
colour=$([[ -t 1 ]] && echo yes || echo no)

"$pytest" -m "not slow and not alone" -n "$workers" --no-loadscope-reorder --color="$colour" "$@" | tee "$said"
together=${PIPESTATUS[0]}
"$pytest" -m "alone and not slow" "$@" -n 0
alone=$?
grep -aE '^(.\[[0-9;]*m)*(FAILED|ERROR)' "$said"

[[ $together -eq $nothing_selected ]] && exit "$alone"
[[ $together -eq 0 && $alone -eq $nothing_selected ]] && exit 0
exit $((together > alone ? together : alone))
