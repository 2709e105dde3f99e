# SPDX-License-Identifier: Apache-2.0
#
# cmake -DOUT=<file.c> -DFILE=<default.yaml> -P embed_bundle.cmake
#
# Writes the bundle that ships as a C text, so that the binary needs no files to start.

file(READ ${FILE} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${OUT} "/* Generated from common/policy/bundles/default.yaml. */\n\n"
     "#include \"policy/compile/bundle.h\"\n\nstatic const char source[] = {${bytes}0};\n\n"
     "const char *bundle_default_source(void)\n{\n    return source;\n}\n")
