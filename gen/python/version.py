"""Generated from CMakeLists.txt by script/generate; do not edit."""

VERSION = "0.1.0"
