#!/usr/bin/env bash
# lint.sh: everything that is checked without running the programs. Goes on after a failure, so that one run shows all.
# Types take longest: they are looked at beside all else.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
failed=()

check() {
    local name=$1
    shift
    echo "lint: $name"
    "$@" || failed+=("$name")
}

typed=$(mktemp)
trap 'rm -f "$typed"' EXIT
.venv/bin/mypy >"$typed" 2>&1 &
types=$!

check format .venv/bin/ruff format --quiet --check .
check style .venv/bin/ruff check --quiet .
check protos tools/protolint.sh
check rules .venv/bin/pytest -q --no-header tests/rules

echo "lint: types"
wait "$types" || failed+=(types)
cat "$typed"

if [[ ${#failed[@]} -gt 0 ]]; then
    echo "lint: not clean: ${failed[*]}"
    exit 1
fi
echo "lint: clean"
