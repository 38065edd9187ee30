//go:build tools

// Package tools pins the generators of gen/go in go.mod; nothing imports it.
package tools

import (
	_ "google.golang.org/grpc/cmd/protoc-gen-go-grpc"
	_ "google.golang.org/protobuf/cmd/protoc-gen-go"
)
