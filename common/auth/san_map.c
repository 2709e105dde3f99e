/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/san_map.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/reserved.h"
#include "auth/role_set.h"
#include "base/assert.h"
#include "contract/check.h"
#include "contract/words.h"

#define COLUMNS 4
#define BLANKS " \t\r"
#define KEY_BYTES (SAN_NAME_BYTES_MAX + 8)
#define PROBLEM_BYTES 256
#define ANY "*"

static const char *const kinds[SAN_KINDS] = {
    [SAN_DNS] = "dns:", [SAN_URI] = "uri:", [SAN_EMAIL] = "email:", [SAN_IP] = "ip:"};

struct entry {
    const char *key; /* "uri:spiffe://..."; of a wildcard, what stands before the * */
    size_t key_len;
    const char *tenant, *principal;
    uint32_t roles;
    int line;
};

struct san_map {
    size_t n_exact, n_wild;
    struct entry *exact; /* ordered by key */
    struct entry *wild;  /* in the order of the file */
    char *text;
};

struct reading {
    struct san_map *map;
    void (*tell)(void *ctx, int line, const char *what);
    void *ctx;
    int line;
    bool wrong;
};

static bool wrong(struct reading *r, const char *what, const char *shown)
{
    char text[2 * PROBLEM_BYTES];
    (void)snprintf(text, sizeof text, "\"%.100s\" %s", shown, what);
    r->wrong = true;
    r->tell(r->ctx, r->line, text);
    return false;
}

/* -- names ------------------------------------------------------------------------------------- */

static int kind_of(const char *key)
{
    for (int kind = 0; kind < SAN_KINDS; kind++)
        if (strncmp(key, kinds[kind], strlen(kinds[kind])) == 0)
            return kind;
    return -1;
}

static void lower(char *text)
{
    for (; *text; text++)
        *text = (char)tolower((unsigned char)*text);
}

/* "uri:spiffe://example.com/" and longer: all that it takes in belongs to one owner. */
static bool is_whole_prefix(const char *key)
{
    const char *host = strstr(key, "://");
    const char *slash = host ? strchr(host + 3, '/') : NULL;
    return slash && slash > host + 3 && key[strlen(key) - 1] == '/';
}

static bool check_key(struct reading *r, char *key, bool *wild)
{
    const size_t len = strlen(key);
    const int kind = kind_of(key);
    char *star = strchr(key, '*');
    *wild = star != NULL;
    if (kind < 0 || key[strlen(kinds[kind])] == '\0')
        return wrong(r, "is no name: write uri:, dns:, email: or ip: and the name", key);
    if (len - strlen(kinds[kind]) > SAN_NAME_BYTES_MAX)
        return wrong(r, "is longer than 512 bytes", key);
    if (kind == SAN_DNS)
        lower(key);
    if (!star)
        return true;
    if (kind != SAN_URI || star[1] != '\0')
        return wrong(r, "has a * that is not at the end of a URI", key);
    *star = '\0';
    return is_whole_prefix(key) ||
           wrong(r, "must name a host and end with / before its *, so that it takes in nobody else",
                 key);
}

/* -- lines ------------------------------------------------------------------------------------- */

static bool read_roles(struct reading *r, const char *words, uint32_t *roles)
{
    for (const char *at = words;;) {
        const size_t len = strcspn(at, ",");
        if (role_set_add(roles, at, len))
            return wrong(r, "are no roles: write them with commas, such as CLIENT,GATEWAY", words);
        if (at[len] == '\0')
            return true;
        at += len + 1;
    }
}

/* Everything of the services' own goes together, and nothing of it with anything else. */
static bool check_services(struct reading *r, const struct entry *e, bool wild)
{
    const bool internal = e->roles == ROLE_BIT(ROLE_INTERNAL);
    if ((e->roles & ROLE_BIT(ROLE_INTERNAL)) && !internal)
        return wrong(r, "has INTERNAL beside other roles; the services have it alone", e->key);
    if (internal && (wild || *e->tenant || !principal_is_services(e->principal)))
        return wrong(r,
                     "has INTERNAL, which goes with a whole name, the tenant * and the "
                     "principal amends",
                     e->key);
    if (!internal && !*e->tenant)
        return wrong(r, "has the tenant *, which only INTERNAL goes with", e->key);
    if (!internal && principal_is_services(e->principal))
        return wrong(r, "has the principal amends, which only INTERNAL goes with", e->key);
    if (!internal && principal_is_reserved(e->principal))
        return wrong(r, "has the principal of a customer, which only a gateway names", e->key);
    return true;
}

static bool check_entry(struct reading *r, struct entry *e, bool wild)
{
    if (strcmp(e->tenant, ANY) == 0)
        e->tenant = "";
    else if (!check_name(e->tenant, strlen(e->tenant), CHECK_TENANT_BYTES_MAX))
        return wrong(r, "is no tenant: 1 to 64 of A-Z a-z 0-9 . _ @ : -", e->tenant);
    if (strcmp(e->principal, ANY) == 0 && !wild)
        return wrong(r, "stands for the * of a name, which this line has not", e->principal);
    if (strcmp(e->principal, ANY) != 0 &&
        !check_name(e->principal, strlen(e->principal), CHECK_PRINCIPAL_BYTES_MAX))
        return wrong(r, "is no principal: 1 to 128 of A-Z a-z 0-9 . _ @ : -", e->principal);
    return check_services(r, e, wild);
}

/* The line before that takes in whatever this one could. A * stands for something. */
static const struct entry *hides(const struct san_map *map, const char *key, bool wild)
{
    for (size_t i = 0; i < map->n_wild; i++) {
        const struct entry *e = &map->wild[i];
        if (strncmp(e->key, key, e->key_len) == 0 && (wild || key[e->key_len] != '\0'))
            return e;
    }
    return NULL;
}

static void add(struct reading *r, struct entry *e, bool wild)
{
    struct san_map *map = r->map;
    char text[PROBLEM_BYTES];
    const struct entry *before = hides(map, e->key, wild);
    if (before) {
        (void)snprintf(text, sizeof text, "is never reached: line %d takes in its name",
                       before->line);
        (void)wrong(r, text, e->key);
        return;
    }
    struct entry *at = wild ? &map->wild[map->n_wild++] : &map->exact[map->n_exact++];
    *at = *e;
}

static void read_line(struct reading *r, char *line)
{
    char *columns[COLUMNS] = {NULL};
    size_t n = 0;
    bool wild = false;
    for (char *word = strsep(&line, BLANKS); word && *word != '#'; word = strsep(&line, BLANKS)) {
        if (*word && n < COLUMNS)
            columns[n] = word;
        n += *word != '\0';
    }
    if (n == 0)
        return;
    if (n != COLUMNS) {
        (void)wrong(r, "begins a line that has not four columns: name, tenant, principal, roles",
                    columns[0]);
        return;
    }
    struct entry e = {
        .key = columns[0], .tenant = columns[1], .principal = columns[2], .line = r->line};
    bool good = check_key(r, columns[0], &wild);
    e.key_len = strlen(e.key);
    good = read_roles(r, columns[3], &e.roles) && good;
    if (good && check_entry(r, &e, wild))
        add(r, &e, wild);
}

/* -- a file ------------------------------------------------------------------------------------ */

static int by_key(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    const int order = strcmp(x->key, y->key);
    return order ? order : x->line - y->line;
}

static void find_doubles(struct reading *r)
{
    char text[PROBLEM_BYTES];
    const struct san_map *map = r->map;
    qsort(map->exact, map->n_exact, sizeof *map->exact, by_key);
    for (size_t i = 1; i < map->n_exact; i++) {
        if (strcmp(map->exact[i - 1].key, map->exact[i].key) != 0)
            continue;
        r->line = map->exact[i].line;
        (void)snprintf(text, sizeof text, "is never reached: line %d has this name",
                       map->exact[i - 1].line);
        (void)wrong(r, text, map->exact[i].key);
    }
}

static void read_lines(struct reading *r)
{
    char *rest = r->map->text;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        if (++r->line > SAN_LINES_MAX) {
            (void)wrong(r, "begins one line too many: there may be 4,096", line);
            return;
        }
        read_line(r, line);
    }
    find_doubles(r);
    r->line = 1;
    if (!r->wrong && r->map->n_exact + r->map->n_wild == 0)
        (void)wrong(r, "is all there is: the file maps no name", "");
}

static struct san_map *new_map(const char *text, size_t len)
{
    struct san_map *map = calloc(1, sizeof *map);
    AM_ASSERT(map != NULL);
    map->text = malloc(len + 1);
    map->exact = calloc(SAN_LINES_MAX, sizeof *map->exact);
    map->wild = calloc(SAN_LINES_MAX, sizeof *map->wild);
    AM_ASSERT(map->text && map->exact && map->wild);
    memcpy(map->text, text, len);
    map->text[len] = '\0';
    return map;
}

struct san_map *san_map_read(const char *text, size_t len,
                             void (*tell)(void *ctx, int line, const char *what), void *ctx)
{
    if (len > SAN_BYTES_MAX || memchr(text, '\0', len)) {
        tell(ctx, 1, "the file is longer than 524,288 bytes, or is no text");
        return NULL;
    }
    struct reading r = {.map = new_map(text, len), .tell = tell, .ctx = ctx};
    read_lines(&r);
    if (!r.wrong)
        return r.map;
    san_map_free(r.map);
    return NULL;
}

void san_map_free(struct san_map *map)
{
    if (!map)
        return;
    free(map->exact);
    free(map->wild);
    free(map->text);
    free(map);
}

size_t san_map_lines(const struct san_map *map)
{
    return map->n_exact + map->n_wild;
}

/* -- finding ----------------------------------------------------------------------------------- */

static bool make_key(const struct san *name, char key[KEY_BYTES])
{
    if (strnlen(name->text, SAN_NAME_BYTES_MAX + 1) > SAN_NAME_BYTES_MAX)
        return false;
    (void)snprintf(key, KEY_BYTES, "%s%s", kinds[name->kind], name->text);
    if (name->kind == SAN_DNS)
        lower(key);
    return true;
}

/* The first line that fits the name. The * stands for something. */
static const struct entry *find_key(const struct san_map *map, const char *key)
{
    const struct entry wanted = {.key = key};
    const struct entry *found = NULL;
    for (size_t low = 0, high = map->n_exact; low < high && !found;) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(wanted.key, map->exact[middle].key);
        if (order == 0)
            found = &map->exact[middle];
        else if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    for (size_t i = 0; i < map->n_wild; i++) {
        const struct entry *e = &map->wild[i];
        if (strncmp(e->key, key, e->key_len) == 0 && key[e->key_len] != '\0')
            return found && found->line < e->line ? found : e;
    }
    return found;
}

/* What stands for the principal in a name that the entry fits; NULL when that is none. */
static const char *principal_of(const struct entry *e, const char *key)
{
    if (strcmp(e->principal, ANY) != 0)
        return e->principal;
    const char *part = key + e->key_len;
    const bool good =
        check_name(part, strlen(part), CHECK_PRINCIPAL_BYTES_MAX) && !principal_is_reserved(part);
    return good ? part : NULL;
}

static int give(const struct entry *e, const char *key, struct arena *arena,
                struct auth_identity *out, const char **why)
{
    const char *principal = principal_of(e, key);
    *why = "what a * stands for in the certificate's name is no principal";
    if (!principal)
        return AM_EINVAL;
    *out = (struct auth_identity){.tenant = arena_strdup(arena, e->tenant),
                                  .principal = arena_strdup(arena, principal),
                                  .roles = e->roles,
                                  .until_us = INT64_MAX,
                                  .credential = arena_strdup(arena, key)};
    *why = "the memory of the call is used up";
    return out->tenant && out->principal && out->credential ? AM_OK : AM_EINVAL;
}

int san_map_find(const struct san_map *map, const struct san *names, size_t n, struct arena *arena,
                 struct auth_identity *out, const char **why)
{
    char key[KEY_BYTES], best_key[KEY_BYTES];
    const struct entry *best = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct entry *e = make_key(&names[i], key) ? find_key(map, key) : NULL;
        if (!e || (best && best->line <= e->line))
            continue;
        best = e;
        memcpy(best_key, key, sizeof key);
    }
    *why = "no line of the file that maps certificates fits a name of this one";
    return best ? give(best, best_key, arena, out, why) : AM_ENOENT;
}

bool san_map_alive(const struct san_map *map, const struct auth_identity *identity)
{
    const struct entry *e = find_key(map, identity->credential);
    const char *principal = e ? principal_of(e, identity->credential) : NULL;
    return principal && strcmp(principal, identity->principal) == 0 &&
           strcmp(e->tenant, identity->tenant) == 0 && e->roles == identity->roles;
}
