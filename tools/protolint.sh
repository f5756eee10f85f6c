#!/usr/bin/env bash
# protolint.sh [--take-baseline]: hold protos/ against buf's rules, its format, and what we have promised before.
# The promise is protos/baseline.binpb: the contract as last released. --take-baseline writes it anew.
set -euo pipefail
cd "$(dirname "$0")/.."
buf=.venv/bin/buf image=build/image.binpb baseline=protos/baseline.binpb

if [[ ${1:-} == --take-baseline ]]; then
    "$buf" build "$image" --exclude-source-info -o "$baseline"
    echo "protos: $baseline is now the contract that later changes are held against"
    exit
fi
"$buf" lint "$image" --config buf.yaml
"$buf" format --diff --exit-code protos
if [[ -f $baseline ]]; then
    "$buf" breaking "$image" --against "$baseline" --config buf.yaml
else
    echo "protos: nothing has been promised yet (no $baseline); \`make protos-baseline\` does at a release"
fi
