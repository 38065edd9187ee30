// Generated from CMakeLists.txt by script/generate; do not edit.
export const VERSION = "0.1.0";
