// Code generated from CMakeLists.txt by script/generate; DO NOT EDIT.

// Package version says which version of progressd this is.
package version

// Number is the version, the same as that of the daemon.
const Number = "0.1.0"
