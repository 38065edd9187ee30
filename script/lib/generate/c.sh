#!/usr/bin/env bash
# C: messages and service stubs by protoc-c, the tables of stages and of methods, and the numbers of fields.
#   script/lib/generate/c.sh PROTO OUT
set -euo pipefail
proto=$1 out=$2
sources=$(cd "$proto" && find progress -name '*.proto' | LC_ALL=C sort)
known="google/protobuf/descriptor.proto google/protobuf/duration.proto google/protobuf/timestamp.proto"
# shellcheck disable=SC2086 # lists of names without spaces
protoc -I"$proto" --c_out="$out" $sources $known
# shellcheck disable=SC2086
protoc -I"$proto" --include_imports --descriptor_set_out="$out/schema.bin" $sources
/usr/bin/python3 script/lib/stage_table.py "$out/schema.bin" >"$out/progress/v1/stages.inc"
/usr/bin/python3 script/lib/method_table.py "$out/schema.bin" >"$out/progress/v1/methods.inc"
/usr/bin/python3 script/lib/field_numbers.py "$out/schema.bin" >"$out/progress/fields.h"
rm "$out/schema.bin"
