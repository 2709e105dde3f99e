/* SPDX-License-Identifier: Apache-2.0 */

#include "schema.h"

#include <stdlib.h>
#include <string.h>

#define SYMBOLS_MAX 8192
#define SYMBOL_BYTES 256
#define BYTES_A_LINE 16

struct symbol {
    char name[SYMBOL_BYTES];
    size_t file;
};

/* All names of the set while they are collected. */
struct collecting {
    struct symbol *symbols;
    size_t n;
    size_t file; /* whose names are collected now */
};

typedef Google__Protobuf__DescriptorProto proto_message;
typedef Google__Protobuf__EnumDescriptorProto proto_enum;
typedef Google__Protobuf__FileDescriptorProto proto_file;

static void end(const char *why)
{
    (void)fprintf(stderr, "contract_generate: %s\n", why);
    exit(1);
}

static void *alloc(size_t n, size_t size)
{
    void *p = calloc(n, size);
    if (!p)
        end("out of memory");
    return p;
}

/* -- names ------------------------------------------------------------------------------------- */

/* "<scope>.<name>", kept; the text is the scope of what is declared inside. */
static const char *add(struct collecting *c, const char *scope, const char *name)
{
    if (c->n == SYMBOLS_MAX)
        end("too many names");
    struct symbol *s = &c->symbols[c->n++];
    const int len = snprintf(s->name, sizeof s->name, "%s%s%s", scope, *scope ? "." : "", name);
    if (len < 0 || (size_t)len >= sizeof s->name)
        end("a name is too long");
    s->file = c->file;
    return s->name;
}

/* The values of an enumeration are siblings of it, not children. */
static void add_enum(struct collecting *c, const char *scope, const proto_enum *e)
{
    (void)add(c, scope, e->name);
    for (size_t i = 0; i < e->n_value; i++)
        (void)add(c, scope, e->value[i]->name);
}

static void add_message(struct collecting *c, const char *outer, const proto_message *m)
{
    const char *scope = add(c, outer, m->name);
    for (size_t i = 0; i < m->n_field; i++)
        (void)add(c, scope, m->field[i]->name);
    for (size_t i = 0; i < m->n_oneof_decl; i++)
        (void)add(c, scope, m->oneof_decl[i]->name);
    for (size_t i = 0; i < m->n_enum_type; i++)
        add_enum(c, scope, m->enum_type[i]);
    for (size_t i = 0; i < m->n_nested_type; i++)
        add_message(c, scope, m->nested_type[i]);
}

static void add_file(struct collecting *c, const proto_file *f)
{
    const char *package = f->package ? f->package : "";
    for (size_t i = 0; i < f->n_message_type; i++)
        add_message(c, package, f->message_type[i]);
    for (size_t i = 0; i < f->n_enum_type; i++)
        add_enum(c, package, f->enum_type[i]);
    for (size_t i = 0; i < f->n_service; i++) {
        const char *scope = add(c, package, f->service[i]->name);
        for (size_t k = 0; k < f->service[i]->n_method; k++)
            (void)add(c, scope, f->service[i]->method[k]->name);
    }
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct symbol *)a)->name, ((const struct symbol *)b)->name);
}

static void print_symbols(FILE *out, const Google__Protobuf__FileDescriptorSet *set)
{
    struct collecting c = {.symbols = alloc(SYMBOLS_MAX, sizeof(struct symbol))};
    for (; c.file < set->n_file; c.file++)
        add_file(&c, set->file[c.file]);
    qsort(c.symbols, c.n, sizeof(struct symbol), compare);
    (void)fprintf(out, "const struct schema_symbol schema_symbols[] = {\n");
    for (size_t i = 0; i < c.n; i++)
        (void)fprintf(out, "    {\"%s\", %zu},\n", c.symbols[i].name, c.symbols[i].file);
    (void)fprintf(out, "};\nconst size_t schema_n_symbols = %zu;\n", c.n);
    free(c.symbols);
}

/* -- files ------------------------------------------------------------------------------------- */

static size_t place_of(const Google__Protobuf__FileDescriptorSet *set, const char *name)
{
    for (size_t i = 0; i < set->n_file; i++)
        if (strcmp(set->file[i]->name, name) == 0)
            return i;
    end("a file imports one that is not in the set");
    return 0;
}

static void print_bytes(FILE *out, const proto_file *f, size_t place)
{
    const size_t len = google__protobuf__file_descriptor_proto__get_packed_size(f);
    uint8_t *bytes = alloc(1, len);
    (void)google__protobuf__file_descriptor_proto__pack(f, bytes);
    (void)fprintf(out, "static const uint8_t bytes_%zu[%zu] = {", place, len);
    for (size_t i = 0; i < len; i++)
        (void)fprintf(out, "%s%u,", i % BYTES_A_LINE ? "" : "\n", bytes[i]);
    (void)fprintf(out, "};\n");
    free(bytes);
}

static void print_imports(FILE *out, const Google__Protobuf__FileDescriptorSet *set, size_t place)
{
    const proto_file *f = set->file[place];
    (void)fprintf(out, "static const uint16_t imports_%zu[] = {", place);
    for (size_t i = 0; i < f->n_dependency; i++)
        (void)fprintf(out, "%zu, ", place_of(set, f->dependency[i]));
    (void)fprintf(out, "0};\n"); /* an array has one element at least */
}

/* In the order of enum contract_call. */
static void print_paths(FILE *out, const Google__Protobuf__FileDescriptorSet *set)
{
    size_t n = 0;
    (void)fprintf(out, "const char *const contract_call_paths[] = {\n");
    for (size_t i = 0; i < set->n_file; i++) {
        const proto_file *f = set->file[i];
        for (size_t k = 0; k < f->n_service; k++)
            for (size_t m = 0; m < f->service[k]->n_method; m++, n++)
                (void)fprintf(out, "    \"/%s.%s/%s\",\n", f->package ? f->package : "",
                              f->service[k]->name, f->service[k]->method[m]->name);
    }
    (void)fprintf(out, "};\nconst size_t contract_n_calls = %zu;\n\n", n);
}

void print_schema(FILE *out, const Google__Protobuf__FileDescriptorSet *set)
{
    (void)fprintf(out,
                  "/* SPDX-License-Identifier: Apache-2.0 */\n"
                  "/* Made from proto/ by common/contract/generate; see contract/schema.h. */\n"
                  "#include \"contract/roles.h\"\n"
                  "#include \"contract/schema.h\"\n\n");
    for (size_t i = 0; i < set->n_file; i++) {
        print_bytes(out, set->file[i], i);
        print_imports(out, set, i);
    }
    (void)fprintf(out, "const struct schema_file schema_files[] = {\n");
    for (size_t i = 0; i < set->n_file; i++)
        (void)fprintf(out, "    {\"%s\", bytes_%zu, sizeof bytes_%zu, imports_%zu, %zu},\n",
                      set->file[i]->name, i, i, i, set->file[i]->n_dependency);
    (void)fprintf(out, "};\nconst size_t schema_n_files = %zu;\n\n", set->n_file);
    print_paths(out, set);
    print_symbols(out, set);
}
