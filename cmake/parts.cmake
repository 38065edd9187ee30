# The libraries we stand on. NNG is linked statically everywhere: two of its faults are repaired at link time.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(PROTOBUF_C REQUIRED IMPORTED_TARGET libprotobuf-c)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)

find_library(NNG_STATIC_LIBRARY libnng.a REQUIRED)
find_path(NNG_INCLUDE_DIR nng/nng.h REQUIRED)
find_library(MBEDTLS_LIBRARY mbedtls REQUIRED)
find_library(MBEDX509_LIBRARY mbedx509 REQUIRED)
find_library(MBEDCRYPTO_LIBRARY mbedcrypto REQUIRED)
add_library(nng_static INTERFACE)
target_include_directories(nng_static SYSTEM INTERFACE ${NNG_INCLUDE_DIR})
target_link_libraries(nng_static INTERFACE ${NNG_STATIC_LIBRARY} ${MBEDTLS_LIBRARY} ${MBEDX509_LIBRARY}
  ${MBEDCRYPTO_LIBRARY} Threads::Threads)

# libmicrohttpd is linked statically: what it receives goes through src/http/intake.c first, which the linker arranges.
pkg_check_modules(GNUTLS REQUIRED IMPORTED_TARGET gnutls)
find_library(MICROHTTPD_STATIC_LIBRARY libmicrohttpd.a REQUIRED)
find_path(MICROHTTPD_INCLUDE_DIR microhttpd.h REQUIRED)
add_library(microhttpd_static INTERFACE)
target_include_directories(microhttpd_static SYSTEM INTERFACE ${MICROHTTPD_INCLUDE_DIR})
target_link_libraries(microhttpd_static INTERFACE ${MICROHTTPD_STATIC_LIBRARY} PkgConfig::GNUTLS Threads::Threads)
