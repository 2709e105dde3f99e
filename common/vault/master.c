/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/master.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#define FILE_MOST 8192
#define BLANKS " \t\r"

static int wrong(char why[MASTER_WHY_BYTES], int line, const char *what)
{
    (void)snprintf(why, MASTER_WHY_BYTES, "line %d: %s", line, what);
    return AM_EINVAL;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int parse_key(const char *hex, size_t len, uint8_t key[MASTER_KEY_BYTES])
{
    if (len != 2 * (size_t)MASTER_KEY_BYTES)
        return AM_EINVAL;
    for (size_t i = 0; i < MASTER_KEY_BYTES; i++) {
        const int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return AM_EINVAL;
        key[i] = (uint8_t)(high << 4 | low);
    }
    return AM_OK;
}

static int add(struct masters *m, const char *line, size_t len, int number,
               char why[MASTER_WHY_BYTES])
{
    const size_t name = strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789._-");
    const size_t gap = strspn(line + name, BLANKS);
    if (name == 0 || name > MASTER_NAME_MAX || gap == 0)
        return wrong(why, number,
                     "is to begin with a name (a-z, 0-9, '.', '_', '-'; at most 32) and a blank");
    if (m->n == MASTERS_MAX)
        return wrong(why, number, "there are more than 16 keys; take out those that wrap nothing");
    struct master_key *k = &m->keys[m->n];
    memcpy(k->name, line, name);
    k->name[name] = '\0';
    if (masters_find(m, k->name))
        return wrong(why, number, "this name is there twice");
    if (parse_key(line + name + gap, len - name - gap, k->key) != AM_OK)
        return wrong(why, number,
                     "behind the name, 64 hexadecimal digits are to follow (openssl rand -hex 32)");
    m->n++;
    return AM_OK;
}

int masters_parse(const char *text, struct masters *out, char why[MASTER_WHY_BYTES])
{
    int rc = AM_OK;
    *out = (struct masters){0};
    for (int number = 1; *text && rc == AM_OK; number++) {
        const char *line = text + strspn(text, BLANKS);
        size_t len = strcspn(line, "\n");
        text = line + len + (line[len] == '\n');
        while (len > 0 && strchr(BLANKS, line[len - 1]))
            len--;
        if (len > 0 && *line != '#')
            rc = add(out, line, len, number, why);
    }
    if (rc == AM_OK && out->n == 0)
        rc = wrong(why, 1, "there is no key");
    if (rc != AM_OK)
        masters_forget(out);
    return rc;
}

/* The whole file with a NUL behind it. */
static int read_file(FILE *file, char text[FILE_MOST + 1], char why[MASTER_WHY_BYTES])
{
    const size_t n = fread(text, 1, FILE_MOST + 1, file);
    if (ferror(file)) {
        (void)snprintf(why, MASTER_WHY_BYTES, "%s", strerror(errno));
        return AM_EIO;
    }
    if (n > FILE_MOST || memchr(text, '\0', n)) {
        (void)snprintf(why, MASTER_WHY_BYTES, "it is no list of keys: %s",
                       n > FILE_MOST ? "longer than 8 KB" : "it has a zero byte");
        return AM_EINVAL;
    }
    text[n] = '\0';
    return AM_OK;
}

int masters_read(const char *path, struct masters *out, char why[MASTER_WHY_BYTES])
{
    char text[FILE_MOST + 1];
    FILE *file = fopen(path, "re");
    if (!file) {
        (void)snprintf(why, MASTER_WHY_BYTES, "%s", strerror(errno));
        return AM_EIO;
    }
    int rc = read_file(file, text, why);
    (void)fclose(file);
    if (rc == AM_OK)
        rc = masters_parse(text, out, why);
    OPENSSL_cleanse(text, sizeof text);
    return rc;
}

const struct master_key *masters_find(const struct masters *m, const char *name)
{
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->keys[i].name, name) == 0)
            return &m->keys[i];
    return NULL;
}

void masters_forget(struct masters *m)
{
    OPENSSL_cleanse(m, sizeof *m);
}
