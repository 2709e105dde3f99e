/* SPDX-License-Identifier: Apache-2.0 */
#include "store/migrate/migrate_folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

#define FILE_MAX ((size_t)64 << 10)

static int is_sql(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".sql") == 0;
}

/* The text of a file; NULL when it cannot be read or is longer than FILE_MAX. */
static char *read_text(const char *path)
{
    char *text = calloc(1, FILE_MAX);
    FILE *file = fopen(path, "r");
    AM_ASSERT(text != NULL);
    size_t len = file ? fread(text, 1, FILE_MAX - 1, file) : 0;
    if (file)
        (void)fclose(file);
    if (len > 0 && len < FILE_MAX - 1)
        return text;
    free(text);
    return NULL;
}

static int add(struct migrate_folder *f, const char *folder, const char *name)
{
    char path[4096], *end = NULL;
    struct migration *m = &f->files[f->n];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    long version = strtol(name, &end, 10);
    char *text = f->n < MIGRATE_FOLDER_MAX && *end == '_' && version > 0 ? read_text(path) : NULL;
    if (!text) {
        (void)fprintf(stderr, "%s: no migration NNNN_words.sql that can be read\n", path);
        return AM_EINVAL;
    }
    *m = (struct migration){.version = (int32_t)version, .name = strdup(name), .sql = text};
    AM_ASSERT(m->name != NULL);
    f->n++;
    return AM_OK;
}

int migrate_folder_read(const char *folder, struct migrate_folder *out)
{
    struct dirent **entries = NULL;
    out->n = 0;
    int n = scandir(folder, &entries, is_sql, alphasort);
    int rc = n < 0 ? AM_EINVAL : AM_OK;
    if (rc)
        (void)fprintf(stderr, "%s: no such folder\n", folder);
    for (int i = 0; i < n; i++) {
        if (!rc)
            rc = add(out, folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (rc)
        migrate_folder_free(out);
    return rc;
}

void migrate_folder_free(struct migrate_folder *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free((void *)(uintptr_t)f->files[i].name);
        free((void *)(uintptr_t)f->files[i].sql);
    }
    f->n = 0;
}
