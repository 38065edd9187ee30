#!/usr/bin/env bash
# The installed library is enough to build a worker: installs a build into a folder of its own and builds the examples
# against it, outside the source tree, once by pkg-config and once by find_package(prg).
# $PROGRESSD is the daemon to try them with, if not that of the build.
#   tests/e2e/installed_library.sh [BUILD_DIR]     $BUILD_DIR unless given
set -euo pipefail
build=$(cd "${1:-${BUILD_DIR:?usage: installed_library.sh BUILD_DIR}}" && pwd)
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
progressd=${PROGRESSD:-$build/bin/progressd}
[ -x "$progressd" ] || { echo "no daemon at $progressd: build it first" >&2 && exit 1; }

cmake --install "$build/clients/c" --prefix "$prefix" >"$work/install.log" || { cat "$work/install.log" && exit 1; }
mkdir "$work/outside"
cp "$source"/clients/c/examples/*.c "$work/outside"
cd "$work/outside"
pc=$(find "$prefix" -name prg.pc)
export PKG_CONFIG_PATH=${pc%/*}
libdir=$(pkg-config --variable=libdir prg)
sanitize=$(sed -n 's/^PROGRESS_SANITIZE:[A-Z]*=\(..*\)/-fsanitize=\1/p' "$build/CMakeCache.txt")

rpc=ipc://$work/rpc.sock
"$progressd" --rpc "$rpc" --pub "ipc://$work/events.sock" --http off --store memory: 2>"$work/daemon.log" &
daemon=$!
trap 'kill $daemon 2>/dev/null; wait $daemon; rm -rf "$work"' EXIT

# The program works with the service: it was built, linked, started, and found its library.
expect_success() {
	local said
	said=$(PRG_SERVER=$rpc LD_LIBRARY_PATH=$libdir timeout 60 "${@:2}" 2>&1) ||
		{ echo "not ok: $1: $said" >&2 && exit 1; }
	echo "ok: $1"
}

flags=$(pkg-config --cflags --libs prg)
# shellcheck disable=SC2086 # lists of flags
cc -Wall -Werror -std=c11 worker.c -o worker $sanitize $flags
expect_success "pkg-config builds a worker" ./worker job-0

{
	printf '#include <stdint.h>\nstatic uint64_t transcribe(int second) { return (uint64_t)second; }\n'
	awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$source/clients/c/README.md"
} >readme.c
# shellcheck disable=SC2086
cc -Wall -Werror -std=c11 readme.c -o readme $sanitize $flags
expect_success "the ten lines of the README are a worker" ./readme

cat >service.c <<'END'
#include <prg/service.h>
#include <stdio.h>

static void take(const Progress__V1__GetServerInfoResponse *response, void *context)
{
	(void)context;
	if (response == NULL)
		fprintf(stderr, "%s\n", prg_error());
}

int main(void)
{
	struct prg_client *client;
	if (prg_open(NULL, NULL, &client) != PRG_OK)
		return 2;
	Progress__V1__GetServerInfoRequest request = PROGRESS__V1__GET_SERVER_INFO_REQUEST__INIT;
	progress__v1__progress_tracker_service__get_server_info(prg_service(client), &request, take, NULL);
	int failed = prg_service_code() != PRG_OK;
	prg_close(client);
	return failed;
}
END
flags=$(pkg-config --cflags --libs prg libprotobuf-c)
# shellcheck disable=SC2086
cc -Wall -Werror -std=c11 service.c -o service $sanitize $flags
expect_success "pkg-config builds a caller of the generated stubs" ./service

if command -v c++ >/dev/null; then
	printf '#include <prg/prg.h>\n#include <prg/service.h>\nint main() { return prg_version()[0] == 0; }\n' >cpp.cc
	# shellcheck disable=SC2086
	c++ -Wall -Werror cpp.cc -o cpp $sanitize $flags
	expect_success "C++ takes the headers" ./cpp
fi

cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.18)
project(outside LANGUAGES C)
find_package(prg 0.1 REQUIRED)
foreach(name worker reporter watch)
  add_executable(example_${name} ${name}.c)
  target_link_libraries(example_${name} PRIVATE prg::prg)
endforeach()
END
cmake -S . -B cmake -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_FLAGS="$sanitize" >cmake.log || { cat cmake.log && exit 1; }
cmake --build cmake >cmake.log || { cat cmake.log && exit 1; }
# The version is the daemon's.
[ "$(pkg-config --modversion prg)" = "$("$progressd" --version | awk '{ print $NF }')" ] ||
	{ echo "not ok: version $(pkg-config --modversion prg), the daemon says $("$progressd" --version)" >&2 && exit 1; }
echo "ok: the version is the daemon's"

for pair in worker:job-2 reporter:job-3 watch:job-2; do
	name=${pair%:*}
	expect_success "find_package builds the example $name" "cmake/example_$name" "${pair#*:}"
done

shown=$(nm -D --defined-only "$libdir/libprg.so" | awk '{ print $3 }' | grep -vE '^(prg_|progress__v1__|google__protobuf__)' || true)
[ -z "$shown" ] || { echo "not ok: the library shows $shown" >&2 && exit 1; }
echo "ok: the library shows only its own names"
