# SPDX-License-Identifier: Apache-2.0
#
# Compiler and linker flags. Sanitizers, hardening and feature macros hold for every file, generated
# ones too; warnings (amends_warnings) only for our own code.

add_compile_definitions(_GNU_SOURCE)
add_compile_options(-fstack-protector-strong -fno-omit-frame-pointer -fno-common)
add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed)

# Files are named relative to the tree, so that builds in different folders share the compiler cache
# and no machine's path ends up in a binary.
add_compile_options(-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)

if(AMENDS_TEST_CLOCK)
    add_compile_definitions(AMENDS_TEST_CLOCK=1)
endif()

if(AMENDS_SANITIZE STREQUAL "address")
    add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all)
    add_link_options(-fsanitize=address,undefined)
elseif(AMENDS_SANITIZE STREQUAL "thread")
    add_compile_options(-fsanitize=thread)
    add_link_options(-fsanitize=thread)
elseif(AMENDS_SANITIZE STREQUAL "")
    # Fortify needs an optimiser, and hides errors from the sanitizers.
    add_compile_options(
        "$<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
else()
    message(FATAL_ERROR "AMENDS_SANITIZE is '${AMENDS_SANITIZE}': use address or thread")
endif()

add_library(amends_warnings INTERFACE)
target_compile_options(amends_warnings INTERFACE
    -Wall
    -Wextra
    -Werror
    -Wshadow
    -Wstrict-prototypes
    -Wmissing-prototypes
    -Wpointer-arith
    -Wwrite-strings
    -Wvla
    -Wformat=2
    -Wimplicit-fallthrough
    # The __INIT macros of protobuf-c cast a constant string; gcc knows that they come from a system
    # header, clang does not.
    $<$<C_COMPILER_ID:GNU>:-Wcast-qual>)
