#!/usr/bin/env bash
# Runs the tests of the Go client under the race detector, and leaves what they say in REPORT, too.
#   script/lib/go_test.sh REPORT
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -e build/go/modules ] || { echo "the Go modules are missing: script/bootstrap e2e installs them" && exit 77; }
script/lib/go test -race -count=1 -v ./clients/go/... 2>&1 | tee "$1"
