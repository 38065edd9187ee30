#!/usr/bin/env bash
# Go: messages by protoc-gen-go, stubs by protoc-gen-go-grpc, the stages under short names, and the version. Import paths are
# given here and not in the schema, which belongs to no language.
#   script/lib/generate/go.sh PROTO OUT
set -euo pipefail
proto=$1 out=$2
bin=$PWD/build/go/bin
[ -e build/go/modules ] ||
	{ echo "build/go has no generators: script/bootstrap e2e installs it" >&2 && exit 77; }

mapfile -t sources < <(cd "$proto" && find progress/v1 progress/rpc -name '*.proto' | LC_ALL=C sort)
module=$(sed -n 's/^module //p' go.mod)
options=()
for source in "${sources[@]}"; do
	folder=$(dirname "$source")
	name=${folder#progress/} # progress/rpc/v1 is the package rpcv1, progress/v1 is progressv1
	[ "$name" != v1 ] || name=progress/v1
	options+=("--go_opt=M$source=$module/gen/go/$folder;${name//\//}" "--go-grpc_opt=M$source=$module/gen/go/$folder;${name//\//}")
done
PATH=$bin:$PATH protoc -I"$proto" --go_out="$out" --go_opt=paths=source_relative \
	--go-grpc_out="$out" --go-grpc_opt=paths=source_relative "${options[@]}" "${sources[@]}"

protoc -I"$proto" --include_imports --include_source_info --descriptor_set_out="$out/schema.bin" progress/v1/stages.proto
mkdir "$out/stage" "$out/version"
/usr/bin/python3 script/lib/stage_consts.py "$out/schema.bin" "$module/gen/go/progress/v1" >"$out/stage/stage.go"
rm "$out/schema.bin"
version=$(sed -nE 's/^project\(progressd VERSION ([0-9.]+) .*/\1/p' CMakeLists.txt)
printf '// Code generated from CMakeLists.txt by script/generate; DO NOT EDIT.\n
// Package version says which version of progressd this is.\npackage version\n
// Number is the version, the same as that of the daemon.\nconst Number = "%s"\n' "$version" >"$out/version/version.go"
