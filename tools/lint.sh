#!/usr/bin/env bash
# lint.sh: everything that is checked without running the programs. Goes on after a failure, so that one run shows all.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
failed=()

check() {
    local name=$1
    shift
    echo "lint: $name"
    "$@" || failed+=("$name")
}

check format .venv/bin/ruff format --quiet --check .
check style .venv/bin/ruff check --quiet .
check types .venv/bin/mypy
check protos tools/protolint.sh
check rules .venv/bin/pytest -q --no-header tests/rules

if [[ ${#failed[@]} -gt 0 ]]; then
    echo "lint: not clean: ${failed[*]}"
    exit 1
fi
echo "lint: clean"
