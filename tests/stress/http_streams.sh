#!/usr/bin/env bash
# A short run of http_streams.py; by itself it opens 10,000 streams.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec /usr/bin/python3 tests/stress/http_streams.py "${BUILD_DIR:-build/dev}" --streams 1000 --stalled 100 --updates 200
