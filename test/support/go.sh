#!/usr/bin/env bash
# go.sh: whether Go is here, which npm run verify:kubernetes fetches JobSet's definition with: up | down.
[ "${1:-}" = down ] || command -v go >/dev/null || { echo 'go: missing: go, which fetches the definition of JobSet' >&2; exit 1; }
