/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Prints the contract for C, read from the descriptors that protoc writes: names, counts and SQL
 * literals of every enumeration, the calls of every service, and the descriptors themselves as
 * data. The build runs it; what it writes lives in the build folder.
 *
 *   contract_generate <descriptor set> <reasons.h> <words.h> <calls.h> <schema_data.c>
 */

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema.h"

#define PACKAGE "amends.v1"
#define ENUM_PREFIX "AMENDS__V1__"
#define DESCRIPTOR_PREFIX "amends__v1__"
#define REASONS_FILE "amends/v1/error_reason.proto"
#define SET_BYTES_MAX (1 << 20)
#define NAME_BYTES 128

typedef Google__Protobuf__FileDescriptorSet descriptor_set;
typedef Google__Protobuf__FileDescriptorProto proto_file;
typedef Google__Protobuf__EnumDescriptorProto proto_enum;

/* -- names ------------------------------------------------------------------------------------- */

/* "CaseStatus" as "CASE_STATUS", the way protobuf-c does it. */
static void snake_name(const char *camel, char out[NAME_BYTES])
{
    size_t len = 0;
    for (size_t i = 0; camel[i] && len + 2 < NAME_BYTES; i++) {
        if (i > 0 && isupper((unsigned char)camel[i]) && !isupper((unsigned char)camel[i - 1]))
            out[len++] = '_';
        out[len++] = (char)toupper((unsigned char)camel[i]);
    }
    out[len] = '\0';
}

static void lower_name(const char *upper, char out[NAME_BYTES])
{
    size_t i = 0;
    for (; upper[i] && i + 1 < NAME_BYTES; i++)
        out[i] = (char)tolower((unsigned char)upper[i]);
    out[i] = '\0';
}

/* The largest number and one: the length of an array that is indexed by it. */
static int count_of(const proto_enum *e)
{
    int count = 0;
    for (size_t i = 0; i < e->n_value; i++)
        if (e->value[i]->number >= count)
            count = e->value[i]->number + 1;
    return count;
}

/* -- one enumeration --------------------------------------------------------------------------- */

static void print_enum(FILE *out, const proto_enum *e)
{
    char name[NAME_BYTES], lower[NAME_BYTES];
    snake_name(e->name, name);
    lower_name(name, lower);
    (void)fprintf(out, "\n/* %s */\n", e->name);
    for (size_t i = 0; i < e->n_value; i++)
        (void)fprintf(out, "#define %s " ENUM_PREFIX "%s__%s\n", e->value[i]->name, name,
                      e->value[i]->name);
    (void)fprintf(out, "#define %s_COUNT %d\n", name, count_of(e));
    (void)fprintf(out, "#define %s_WORDS (&" DESCRIPTOR_PREFIX "%s__descriptor)\n", name, lower);
    for (size_t i = 0; i < e->n_value; i++)
        (void)fprintf(out, "#define SQL_%s \"%d\"\n", e->value[i]->name, e->value[i]->number);
}

/* -- the headers ------------------------------------------------------------------------------- */

static bool is_ours(const proto_file *f)
{
    return f->package && strcmp(f->package, PACKAGE) == 0 && f->n_enum_type > 0;
}

static bool is_reasons(const proto_file *f)
{
    return strcmp(f->name, REASONS_FILE) == 0;
}

static void print_include(FILE *out, const proto_file *f)
{
    const char *end = strrchr(f->name, '.');
    int stem = end ? (int)(end - f->name) : (int)strlen(f->name);
    (void)fprintf(out, "#include \"%.*s.pb-c.h\"\n", stem, f->name);
}

static void print_head(FILE *out, const char *about)
{
    (void)fprintf(out,
                  "/* SPDX-License-Identifier: Apache-2.0 */\n"
                  "/* Made from proto/amends/v1 by common/contract/generate; see contract/word.h. "
                  "%s */\n#pragma once\n\n",
                  about);
}

static void print_reasons(FILE *out, const descriptor_set *set)
{
    print_head(out, "Why a call is refused.");
    for (size_t i = 0; i < set->n_file; i++) {
        if (!is_reasons(set->file[i]))
            continue;
        print_include(out, set->file[i]);
        for (size_t k = 0; k < set->file[i]->n_enum_type; k++)
            print_enum(out, set->file[i]->enum_type[k]);
    }
}

/* A list of all enumerations, for what holds for each of them. */
static void print_all(FILE *out, const descriptor_set *set)
{
    (void)fprintf(out, "\n#define CONTRACT_ALL_WORDS");
    const char *between = " ";
    for (size_t i = 0; i < set->n_file; i++) {
        for (size_t k = 0; is_ours(set->file[i]) && k < set->file[i]->n_enum_type; k++) {
            char name[NAME_BYTES];
            snake_name(set->file[i]->enum_type[k]->name, name);
            (void)fprintf(out, "%s%s_WORDS", between, name);
            between = ", ";
        }
    }
    (void)fprintf(out, "\n");
}

static void print_words(FILE *out, const descriptor_set *set)
{
    print_head(out, "All words of the contract.");
    (void)fprintf(out, "#include \"contract/reasons.h\"\n");
    for (size_t i = 0; i < set->n_file; i++)
        if (is_ours(set->file[i]) && !is_reasons(set->file[i]))
            print_include(out, set->file[i]);
    for (size_t i = 0; i < set->n_file; i++)
        for (size_t k = 0; is_ours(set->file[i]) && k < set->file[i]->n_enum_type; k++)
            if (!is_reasons(set->file[i]))
                print_enum(out, set->file[i]->enum_type[k]);
    print_all(out, set);
}

/* -- calls ------------------------------------------------------------------------------------- */

/* "CALL_INTAKE_SERVICE_OPEN_CASE"; a service of another package has its package's name before it:
 * "CALL_GRPC_HEALTH_V1_HEALTH_CHECK". */
static void print_call_name(FILE *out, const proto_file *f, const char *service, const char *method)
{
    char name[NAME_BYTES];
    (void)fprintf(out, "CALL_");
    if (!f->package || strcmp(f->package, PACKAGE) != 0) {
        for (const char *c = f->package ? f->package : ""; *c; c++)
            (void)fputc(*c == '.' ? '_' : toupper((unsigned char)*c), out);
        (void)fputc('_', out);
    }
    snake_name(service, name);
    (void)fprintf(out, "%s_", name);
    snake_name(method, name);
    (void)fprintf(out, "%s", name);
}

static void print_calls_of(FILE *out, const proto_file *f)
{
    for (size_t i = 0; i < f->n_service; i++) {
        for (size_t k = 0; k < f->service[i]->n_method; k++) {
            (void)fprintf(out, "    ");
            print_call_name(out, f, f->service[i]->name, f->service[i]->method[k]->name);
            (void)fprintf(out, ",\n");
        }
    }
}

static void print_calls(FILE *out, const descriptor_set *set)
{
    print_head(out, "The calls of all services, in the order of contract_call_paths[].");
    (void)fprintf(out, "enum contract_call {\n");
    for (size_t i = 0; i < set->n_file; i++)
        print_calls_of(out, set->file[i]);
    (void)fprintf(out, "};\n");
}

/* -- files ------------------------------------------------------------------------------------- */

static int fail(const char *what, const char *path)
{
    (void)fprintf(stderr, "contract_generate: %s %s\n", what, path);
    return 1;
}

/* NULL when there is no sound descriptor set. */
static descriptor_set *read_set(const char *path)
{
    FILE *in = fopen(path, "rb");
    uint8_t *bytes = malloc(SET_BYTES_MAX);
    descriptor_set *set = NULL;
    if (in && bytes) {
        size_t n = fread(bytes, 1, SET_BYTES_MAX, in);
        if (n < SET_BYTES_MAX && !ferror(in))
            set = google__protobuf__file_descriptor_set__unpack(NULL, n, bytes);
    }
    if (in)
        (void)fclose(in);
    free(bytes);
    return set;
}

static int write_file(const char *path, const descriptor_set *set,
                      void (*print)(FILE *out, const descriptor_set *set))
{
    FILE *out = fopen(path, "w");
    if (!out)
        return fail("cannot write", path);
    print(out, set);
    bool failed = ferror(out) != 0;
    return fclose(out) != 0 || failed ? fail("cannot write", path) : 0;
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return fail("needs a descriptor set and the four files to write, not",
                    argc > 1 ? argv[argc - 1] : "nothing");
    descriptor_set *set = read_set(argv[1]);
    if (!set)
        return fail("cannot read", argv[1]);
    int failed = write_file(argv[2], set, print_reasons);
    if (!failed)
        failed = write_file(argv[3], set, print_words);
    if (!failed)
        failed = write_file(argv[4], set, print_calls);
    if (!failed)
        failed = write_file(argv[5], set, print_schema);
    google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
    return failed;
}
