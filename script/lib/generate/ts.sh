#!/usr/bin/env bash
# TypeScript: messages and services by protoc-gen-es, and the version.
#   script/lib/generate/ts.sh PROTO OUT
set -euo pipefail
proto=$1 out=$2
plugin=$PWD/clients/ts/node_modules/.bin/protoc-gen-es
{ [ -x "$plugin" ] && command -v node >/dev/null; } ||
	{ echo "clients/ts has no protoc-gen-es: script/bootstrap e2e installs it" >&2 && exit 77; }

sources=$(cd "$proto" && find progress/v1 progress/rpc -name '*.proto' | LC_ALL=C sort)
# shellcheck disable=SC2086 # a list of names without spaces
protoc -I"$proto" --plugin=protoc-gen-es="$plugin" --es_out="$out" --es_opt=target=ts,import_extension=js $sources
version=$(sed -nE 's/^project\(progressd VERSION ([0-9.]+) .*/\1/p' CMakeLists.txt)
printf '// Generated from CMakeLists.txt by script/generate; do not edit.\nexport const VERSION = "%s";\n' "$version" >"$out/version.ts"
