#!/usr/bin/env bash
# Python: messages and gRPC stubs by grpcio-tools, type stubs by mypy-protobuf, the stages as an enum, and the version. All
# of it is the package progressd.gen, so imports are written anew: "progress" belongs to somebody else on PyPI.
#   script/lib/generate/python.sh PROTO OUT
set -euo pipefail
proto=$1 out=$2
venv=$PWD/build/venv/bin
"$venv/python" -c 'import grpc_tools, mypy_protobuf' 2>/dev/null ||
	{ echo "build/venv has no grpcio-tools: script/bootstrap e2e installs it" >&2 && exit 77; }

sources=$(cd "$proto" && find progress/v1 progress/rpc -name '*.proto' | LC_ALL=C sort)
# shellcheck disable=SC2086 # a list of names without spaces
PATH=$venv:$PATH "$venv/python" -W ignore -m grpc_tools.protoc -I"$proto" --python_out="$out" --grpc_python_out="$out" \
	--mypy_out=quiet:"$out" --mypy_grpc_out=quiet:"$out" $sources
find "$out" -name '*_grpc.py*' ! -name '*_service_*' -delete # of files without a service
find "$out" -type f -print0 | xargs -0 sed -i -E \
	-e 's/\bprogress\.((v1|rpc\.v1)\.\w+_pb2)\b/progressd.gen.progress.\1/g' \
	-e 's/^from progress\./from progressd.gen.progress./'
find "$out" -type d -exec touch {}/__init__.py \;
protoc -I"$proto" --include_imports --include_source_info --descriptor_set_out="$out/schema.bin" progress/v1/stages.proto
/usr/bin/python3 script/lib/stage_enum.py "$out/schema.bin" >"$out/stages.py"
rm "$out/schema.bin"
version=$(sed -nE 's/^project\(progressd VERSION ([0-9.]+) .*/\1/p' CMakeLists.txt)
printf '"""Generated from CMakeLists.txt by script/generate; do not edit."""\n\nVERSION = "%s"\n' "$version" >"$out/version.py"
