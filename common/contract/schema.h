/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The contract as data: every .proto file that the programs serve or import, as a serialized
 * google.protobuf.FileDescriptorProto, and in which of them each name is declared. Made at build
 * time from amends.binpb by generate/schema.c. Server reflection answers from it.
 *
 * Threading: constants. Ownership: everything is static.
 */

#include <stddef.h>
#include <stdint.h>

struct schema_file {
    const char *name; /* "amends/v1/case.proto" */
    const uint8_t *bytes;
    size_t len;
    const uint16_t
        *imports; /* places in schema_files; each comes before the files that import it */
    size_t n_imports;
};

/* A message, field, enumeration, value, service or method by its full name, without a leading dot:
 * "amends.v1.Case.status", "amends.v1.IntakeService.OpenCase". */
struct schema_symbol {
    const char *name;
    uint16_t file;
};

#define SCHEMA_FILES_MAX 64

extern const struct schema_file schema_files[];
extern const size_t schema_n_files;                 /* at most SCHEMA_FILES_MAX */
extern const struct schema_symbol schema_symbols[]; /* sorted by name */
extern const size_t schema_n_symbols;

/* The file of this name, or that declares this symbol; NULL when there is none. */
const struct schema_file *schema_file_named(const char *name);
const struct schema_file *schema_file_of_symbol(const char *symbol);

/* Writes the file and all that it imports, directly or not, into `out`, imports first; returns how
 * many they are. */
size_t schema_with_imports(const struct schema_file *file,
                           const struct schema_file *out[SCHEMA_FILES_MAX]);
