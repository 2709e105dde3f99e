# SPDX-License-Identifier: Apache-2.0
#
# cmake -DOUT=<file.c> -DFILES=<a.sql;b.sql> -P embed_migrations.cmake
#
# Writes the migrations as one C array, so that the binary needs no files to migrate. A file's number
# is what its name starts with: 0003_initial.sql is version 3.

set(bodies "")
set(entries "")
foreach(file IN LISTS FILES)
    get_filename_component(name ${file} NAME)
    if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])_[a-z0-9_]+[.]sql$")
        message(FATAL_ERROR "${name}: a migration is named NNNN_words.sql")
    endif()
    set(number ${CMAKE_MATCH_1})
    string(REGEX REPLACE "^0+" "" version ${number})
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(APPEND bodies "static const char sql_${number}[] = {${bytes}0};\n")
    string(APPEND entries "    {${version}, \"${name}\", sql_${number}},\n")
endforeach()
file(WRITE ${OUT} "/* Generated from common/store/migrations. */\n\n#include \"store/migrate/migrations.h\"\n\n"
     "${bodies}\nconst struct migration migrations[] = {\n${entries}};\n"
     "const size_t n_migrations = sizeof(migrations) / sizeof(migrations[0]);\n")
