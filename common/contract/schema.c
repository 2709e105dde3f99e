/* SPDX-License-Identifier: Apache-2.0 */

#include "contract/schema.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

const struct schema_file *schema_file_named(const char *name)
{
    for (size_t i = 0; i < schema_n_files; i++)
        if (strcmp(schema_files[i].name, name) == 0)
            return &schema_files[i];
    return NULL;
}

static int compare_symbol(const void *name, const void *symbol)
{
    return strcmp(name, ((const struct schema_symbol *)symbol)->name);
}

const struct schema_file *schema_file_of_symbol(const char *symbol)
{
    const struct schema_symbol *found =
        bsearch(symbol, schema_symbols, schema_n_symbols, sizeof schema_symbols[0], compare_symbol);
    return found ? &schema_files[found->file] : NULL;
}

/* A file's imports have smaller places than the file, so one walk downwards finds all of them. */
size_t schema_with_imports(const struct schema_file *file,
                           const struct schema_file *out[SCHEMA_FILES_MAX])
{
    bool wanted[SCHEMA_FILES_MAX] = {false};
    const size_t last = (size_t)(file - schema_files);
    AM_ASSERT(last < schema_n_files && schema_n_files <= SCHEMA_FILES_MAX);
    wanted[last] = true;
    for (size_t i = last + 1; i-- > 0;)
        for (size_t k = 0; wanted[i] && k < schema_files[i].n_imports; k++)
            wanted[schema_files[i].imports[k]] = true;
    size_t n = 0;
    for (size_t i = 0; i <= last; i++)
        if (wanted[i])
            out[n++] = &schema_files[i];
    return n;
}
