# How our own code is compiled, and the words to say what is built.
add_library(own_rules INTERFACE)
target_compile_options(own_rules INTERFACE -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wvla -Wformat=2 -Werror)
target_compile_definitions(own_rules INTERFACE _GNU_SOURCE PROGRESS_VERSION="${PROJECT_VERSION}")

if(PROGRESS_SANITIZE)
  add_compile_options(-fsanitize=${PROGRESS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PROGRESS_SANITIZE})
endif()

# add_room(NAME [deps...]): one room of the daemon, all C files of the current folder, as a static library.
function(add_room name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
  add_library(room_${name} STATIC ${sources})
  target_include_directories(room_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(room_${name} PRIVATE own_rules PUBLIC ${ARGN})
endfunction()

# add_tests(NAME [deps...]): one Criterion program from all C files of the current folder.
function(add_tests name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
  if(sources)
    add_executable(${name} ${sources})
    target_link_libraries(${name} PRIVATE own_rules test_support PkgConfig::CRITERION ${ARGN})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  endif()
endfunction()
