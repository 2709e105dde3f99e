/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/contexts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "amendsctl/out.h"
#include "amendsctl/suggest.h"
#include "base/assert.h"
#include "contract/check.h"
#include "policy/read/yaml_tree.h"

#define FILE_BYTES_MAX (64u << 10)
#define NAME_BYTES_MAX 64
#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

/* -- which options ----------------------------------------------------------------------------- */

bool contexts_may_hold(enum global_id id)
{
    return id != GLOBAL_CONTEXT && id != GLOBAL_JSON && id != GLOBAL_WIDE && id != GLOBAL_OUT;
}

static bool is_file(enum global_id id)
{
    return globals[id].value && strcmp(globals[id].value, "FILE") == 0;
}

/* -- one context ------------------------------------------------------------------------------- */

/* The beginnings of API keys, of tokens and of keys in PEM. */
static bool is_secret(const char *text)
{
    return strncmp(text, "amends_", 7) == 0 || strncmp(text, "eyJ", 3) == 0 ||
           strstr(text, "-----BEGIN") != NULL;
}

static bool names_secret(const char *key)
{
    static const char *const names[] = {"api-key", "token", "password", "key", "secret"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(key, names[i]) == 0)
            return true;
    return false;
}

static void unknown_key(struct bundle_problems *problems, const struct ynode *node)
{
    struct suggest s;
    suggest_init(&s, node->key);
    for (int i = 0; i < GLOBALS; i++)
        if (contexts_may_hold((enum global_id)i))
            suggest_add(&s, globals[i].name);
    ynode_key_problem(problems, node, "is no option that a context may hold%s",
                      suggest_text(&s, "", problems->arena));
}

/* A file's name is one beside the file of contexts, unless it begins at the root. */
static const char *resolve(const char *name, const char *beside, struct arena *arena)
{
    const char *slash = strrchr(beside, '/');
    if (*name == '/' || !slash)
        return name;
    const char *full = arena_printf(arena, "%.*s%s", (int)(slash - beside + 1), beside, name);
    AM_ASSERT(full != NULL);
    return full;
}

static void read_value(struct context *out, const struct ynode *node, const char *path,
                       struct bundle_problems *problems)
{
    const int id = globals_find(node->key);
    if (names_secret(node->key) || (node->kind == YNODE_SCALAR && is_secret(node->text)))
        ynode_key_problem(problems, node,
                          "is a secret, which must not be in this file: write it into a file of "
                          "its own and name that by api-key-file, token-file or tls-key");
    else if (id < 0 || !contexts_may_hold((enum global_id)id))
        unknown_key(problems, node);
    else if (node->kind != YNODE_SCALAR || !*node->text)
        ynode_key_problem(problems, node, "is not one text");
    else
        out->values[id] =
            is_file((enum global_id)id) ? resolve(node->text, path, problems->arena) : node->text;
}

static void read_context(struct contexts *out, const struct ynode *node,
                         struct bundle_problems *problems)
{
    if (!check_name(node->key, strlen(node->key), NAME_BYTES_MAX))
        ynode_key_problem(problems, node, "is no name: 1 to 64 of A-Z a-z 0-9 . _ @ : -");
    if (node->kind != YNODE_MAP) {
        ynode_key_problem(problems, node, "is no context: write options below it");
        return;
    }
    if (out->n == CONTEXTS_MAX) {
        ynode_key_problem(problems, node, "is one context too many: there may be %d", CONTEXTS_MAX);
        return;
    }
    struct context *one = &out->items[out->n++];
    *one = (struct context){.name = node->key, .line = node->key_line};
    for (const struct ynode *value = node->first; value; value = value->next)
        read_value(one, value, out->path, problems);
}

/* -- the file ---------------------------------------------------------------------------------- */

static const char *find_path(struct arena *arena)
{
    const char *given = getenv("AMENDS_CONFIG");
    const char *folder = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    const char *path;
    if (given && *given)
        return given;
    if (folder && *folder == '/')
        path = arena_printf(arena, "%s/amends/contexts.yaml", folder);
    else
        path = arena_printf(arena, "%s/.config/amends/contexts.yaml", home && *home ? home : "");
    AM_ASSERT(path != NULL);
    return path;
}

static int cannot(const char *path, const char *what)
{
    out_error("amendsctl: the contexts in %s cannot be read: %s", path, what);
    return AM_EINVAL;
}

/* Whoever can write to it could send us, and our key, to a server of theirs. */
static int check_mode(const char *path, int fd)
{
    struct stat info;
    if (fstat(fd, &info) < 0)
        return cannot(path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return cannot(path, "it is no file");
    if (info.st_mode & OTHERS_WRITE)
        return cannot(path, "others may write to it: chmod go-w it");
    if (info.st_uid != 0 && info.st_uid != geteuid())
        return cannot(path, "it belongs to another user");
    return info.st_size > FILE_BYTES_MAX ? cannot(path, "it has more than 65,536 bytes") : AM_OK;
}

static int read_text(struct contexts *out, int fd, struct arena *arena)
{
    char *text = ARENA_ARRAY(arena, char, FILE_BYTES_MAX + 1);
    size_t len = 0;
    ssize_t n = 1;
    while (n > 0 && len < FILE_BYTES_MAX) {
        n = read(fd, text + len, FILE_BYTES_MAX - len);
        if (n < 0)
            return cannot(out->path, strerror(errno));
        len += (size_t)n;
    }
    out->text = text;
    return strlen(text) == len ? AM_OK : cannot(out->path, "it is not text");
}

static int load(struct contexts *out, struct arena *arena)
{
    const int fd = open(out->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? AM_OK : cannot(out->path, strerror(errno));
    int err = check_mode(out->path, fd);
    if (!err)
        err = read_text(out, fd, arena);
    (void)close(fd);
    return err;
}

static void read_root(struct contexts *out, const struct ynode *root,
                      struct bundle_problems *problems)
{
    for (const struct ynode *node = root->first; node; node = node->next) {
        if (node->key && strcmp(node->key, "current") == 0 && node->kind == YNODE_SCALAR) {
            out->current = *node->text ? node->text : NULL;
            out->current_line = node->key_line;
        } else if (node->key && strcmp(node->key, "contexts") == 0 && node->kind == YNODE_MAP) {
            for (const struct ynode *one = node->first; one; one = one->next)
                read_context(out, one, problems);
        } else {
            ynode_problem(problems, node, false,
                          "is neither `current`, a name, nor `contexts`, which has names below it");
        }
    }
}

static void print_problems(const char *path, const struct bundle_problems *problems)
{
    for (size_t i = 0; i < problems->n; i++) {
        const struct bundle_problem *p = &problems->items[i];
        out_error("%s:%d:%d: error: %s%s%s", path, p->line, p->column, p->path, *p->path ? " " : "",
                  p->text);
    }
}

int contexts_read(struct contexts *out, struct arena *arena)
{
    struct bundle_problems problems;
    *out = (struct contexts){.path = find_path(arena)};
    int err = load(out, arena);
    if (err || !out->text || out->text[strspn(out->text, " \t\r\n")] == '\0')
        return err;
    bundle_problems_init(&problems, arena);
    const struct ynode *root = ynode_read(out->text, arena, &problems);
    if (root)
        read_root(out, root, &problems);
    print_problems(out->path, &problems);
    return problems.n_errors ? AM_EINVAL : AM_OK;
}

const struct context *contexts_find(const struct contexts *all, const char *name)
{
    for (size_t i = 0; i < all->n; i++)
        if (strcmp(all->items[i].name, name) == 0)
            return &all->items[i];
    return NULL;
}

void contexts_tell_unknown(const struct contexts *all, const char *name, struct arena *arena)
{
    struct suggest s;
    const char *names = "";
    suggest_init(&s, name);
    for (size_t i = 0; i < all->n && names; i++) {
        suggest_add(&s, all->items[i].name);
        names = arena_printf(arena, "%s%s%s", names, *names ? ", " : "", all->items[i].name);
    }
    AM_ASSERT(names != NULL);
    if (!all->text)
        out_error("amendsctl: there is no context \"%s\", because there is no file %s", name,
                  all->path);
    else
        out_error("amendsctl: there is no context \"%s\" in %s; it has %s%s", name, all->path,
                  *names ? names : "none", suggest_text(&s, "", arena));
}

/* -- use --------------------------------------------------------------------------------------- */

int contexts_apply(struct global_values *values, struct arena *arena)
{
    struct contexts *all = ARENA_NEW(arena, struct contexts);
    const char *name = globals_get(values, GLOBAL_CONTEXT);
    int err = contexts_read(all, arena);
    if (err)
        return err;
    if (!name)
        name = all->current;
    if (!name)
        return AM_OK;
    const struct context *chosen = contexts_find(all, name);
    if (!chosen) {
        contexts_tell_unknown(all, name, arena);
        return AM_EINVAL;
    }
    memcpy(values->context, chosen->values, sizeof values->context);
    return AM_OK;
}

/* -- writing ----------------------------------------------------------------------------------- */

/* The byte at which a line begins; lines count from 1. */
static const char *line_start(const char *text, int line)
{
    for (; line > 1 && text; line--) {
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
    return text ? text : "";
}

static const char *with_current(const struct contexts *all, const char *name, struct arena *arena)
{
    const char *at = all->current_line ? line_start(all->text, all->current_line) : all->text;
    const char *behind = all->current_line ? at + strcspn(at, "\n") : all->text;
    const char *text = arena_printf(arena, "%.*scurrent: %s%s%s", (int)(at - all->text), all->text,
                                    name, all->current_line ? "" : "\n", behind);
    AM_ASSERT(text != NULL);
    return text;
}

static int write_whole(const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return AM_EIO;
    const size_t len = strlen(text);
    const bool written = write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
    return close(fd) == 0 && written ? AM_OK : AM_EIO;
}

/* Into the place of the file that a link leads to, and never half of it. */
int contexts_write_current(const struct contexts *all, const char *name, struct arena *arena)
{
    char *real = realpath(all->path, NULL);
    const char *fresh = arena_printf(arena, "%s.%ld", real ? real : all->path, (long)getpid());
    AM_ASSERT(fresh != NULL);
    int err = real ? write_whole(fresh, with_current(all, name, arena)) : AM_EIO;
    if (!err && rename(fresh, real) < 0)
        err = AM_EIO;
    if (err) {
        out_error("amendsctl: %s cannot be written: %s", all->path, strerror(errno));
        (void)unlink(fresh);
    }
    free(real);
    return err;
}
