# SPDX-License-Identifier: Apache-2.0
#
# cmake -DOUT=<file.c> -DFILE=<default.yaml> -DFUNCTION=<name> -P embed_bundle.cmake
#
# Writes a file that ships as a C text, so that the binary needs no files to start.

get_filename_component(name ${FILE} NAME)
file(READ ${FILE} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${OUT} "/* Generated from ${name}. */\n\n"
     "#include \"policy/compile/bundle.h\"\n\nstatic const char source[] = {${bytes}0};\n\n"
     "const char *${FUNCTION}(void)\n{\n    return source;\n}\n")
