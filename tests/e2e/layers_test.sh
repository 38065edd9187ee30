#!/usr/bin/env bash
# script/layers finds each kind of break in a sample tree, and finds nothing in a clean one.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT

# put FILE LINE...: a file of the sample with these lines
put() {
	mkdir -p "$sample/$(dirname "$1")"
	printf '%s\n' "${@:2}" >"$sample/$1"
}

put src/job/job.c '#include "job/job.h"' '#include "base/err.h"' '#include <progress/v1/stages.inc>' '#include <string.h>'
put src/service/get.c '#include "store/store.h"' '#include "feed/feed.h"' '#include <progress/v1/job.pb-c.h>'
put src/store/sqlite.c '#include <sqlite3.h>'
put src/rpc/server.c '#include <nng/nng.h>'
put clients/c/src/call.c '#include <nng/nng.h>' '#include <prg/prg.h>' '#include <progress/v1/job.pb-c.h>'
put clients/cli/main.c '#include <prg/prg.h>' '#include "bar.h"'
put tests/unit/job/apply.c '#include "job/job.h"'
"$root/script/layers" "$sample" || { echo "a clean tree was refused" && exit 1; }

breaks=0
# refuses FILE LINE RULE: this line in this file is a break of this rule, told with its place
refuses() {
	put "$1" '' "$2"
	local told status=0
	told=$("$root/script/layers" "$sample") || status=$?
	[ $status = 1 ] || { echo "exit $status for $2 in $1" && exit 1; }
	[[ $told == "$1:2: "*"$3"* ]] || { echo "said '$told' for $2 in $1" && exit 1; }
	rm "$sample/$1"
	breaks=$((breaks + 1))
}

refuses src/job/a.c '#include "wire/open.h"' 'lower floors only'
refuses src/base/a.c '#include "job/job.h"' 'lower floors only'
refuses src/store/a.c '#include "feed/feed.h"' 'lower floors only'
refuses src/rpc/a.c '#include "http/server.h"' 'lower floors only'
refuses src/wire/a.h '#  include <service/call.h>' 'lower floors only'
refuses src/cellar/a.c '#include "base/err.h"' 'has no floor'
refuses src/store/a.c '#include "../base/err.h"' 'not by ..'
refuses src/service/a.c '#include <prg/prg.h>' 'the client library'
refuses src/job/a.c '#include <protobuf-c/protobuf-c.h>' 'no protobuf'
refuses src/job/a.c '#include <progress/v1/stages.pb-c.h>' 'no protobuf'
refuses src/job/a.c '#include <time.h>' 'no clock'
refuses src/job/a.c '#include "base/clock.h"' 'no clock'
refuses src/job/a.c '#include <unistd.h>' 'no I/O'
refuses src/job/a.c '	printf("%d", 1);' 'no I/O'
refuses src/service/a.c '#include <nng/nng.h>' 'NNG'
refuses clients/cli/a.c '#include <nng/nng.h>' 'NNG'
refuses src/store/memory.c '#include <sqlite3.h>' 'SQLite'
refuses src/store/a.c '#include <hiredis/hiredis.h>' 'hiredis'
refuses src/rpc/a.c '#include <microhttpd.h>' 'microhttpd'
refuses clients/c/src/a.c '#include "wire/open.h"' 'never include src/'
refuses clients/c/src/a.c '#include "../../../src/base/err.h"' 'never include src/'
refuses clients/cli/a.c '#include <progress/v1/job.pb-c.h>' 'never include gen/'
refuses clients/worker/a.c '#include <protobuf-c/protobuf-c.h>' 'never include gen/'
refuses clients/worker/a.c '#include <prg/wire.h>' '<prg/prg.h> only'
echo "figure: $breaks kinds of break refused"
