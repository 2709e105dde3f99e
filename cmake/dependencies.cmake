# SPDX-License-Identifier: Apache-2.0
#
# Libraries, all Debian packages, as imported targets amends::<name>. Link what you include.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# amends_pkg(<name> <pkg-config module>): the imported target amends::<name>.
function(amends_pkg name module)
    pkg_check_modules(amends_dep_${name} REQUIRED IMPORTED_TARGET GLOBAL ${module})
    add_library(amends::${name} ALIAS PkgConfig::amends_dep_${name})
endfunction()

amends_pkg(protobuf_c libprotobuf-c)
amends_pkg(pq libpq)
amends_pkg(hiredis hiredis)
amends_pkg(uv libuv)
amends_pkg(crypto libcrypto)
amends_pkg(microhttpd libmicrohttpd)
amends_pkg(yaml yaml-0.1)
amends_pkg(jansson jansson)
amends_pkg(glib glib-2.0)
if(AMENDS_TESTS)
    amends_pkg(cmocka cmocka)
endif()

# The C core alone: grpc.pc and gRPCConfig.cmake pull in some thirty modules that only C++ needs.
find_library(AMENDS_GRPC_LIBRARY grpc REQUIRED)
find_library(AMENDS_GPR_LIBRARY gpr REQUIRED)
find_path(AMENDS_GRPC_INCLUDE grpc/grpc.h REQUIRED)
add_library(amends_grpc INTERFACE)
add_library(amends::grpc ALIAS amends_grpc)
target_link_libraries(amends_grpc INTERFACE ${AMENDS_GRPC_LIBRARY} ${AMENDS_GPR_LIBRARY}
                                            Threads::Threads)
if(NOT AMENDS_GRPC_INCLUDE STREQUAL "/usr/include")
    target_include_directories(amends_grpc SYSTEM INTERFACE ${AMENDS_GRPC_INCLUDE})
endif()
