/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/read/yaml_tree.h"

#include <stdio.h>
#include <string.h>

#include <yaml.h>

#include "base/utf8.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* Reading: libyaml's events become nodes under the one that is open. */
struct reader {
    yaml_parser_t parser;
    struct arena *arena;
    struct bundle_problems *problems;
    struct ynode *root;
    struct ynode *open; /* the list or map being read */
    struct ynode *key;  /* of an open map: the key that waits for its value */
    size_t depth, nodes, documents;
    bool stop;
    bool broken; /* what was read is not all there is */
};

static void problem_at(struct reader *r, const yaml_mark_t *mark, const char *text)
{
    struct bundle_problem where = {.line = (int)mark->line + 1, .column = (int)mark->column + 1};
    const struct ynode *at = r->key ? r->key : r->open;
    /* Past what is kept, problems are only counted: their paths would fill the arena. */
    if (at && r->problems->n < BUNDLE_PROBLEMS_MAX)
        where.path = ynode_path(at, r->arena);
    bundle_problem_add(r->problems, &where, "%s", text);
}

static void stop_at(struct reader *r, const yaml_mark_t *mark, const char *text)
{
    problem_at(r, mark, text);
    r->stop = r->broken = true;
}

static void *take(struct reader *r, size_t size)
{
    void *memory = arena_alloc(r->arena, size);
    if (!memory)
        r->stop = r->broken = true;
    return memory;
}

/* -- keys -------------------------------------------------------------------------------------- */

/* Keys of a map that were seen: a small hash would be more code than this needs, but calendars have
 * some thousand dates, so the look-up is by a table that grows with the map. */
struct key_table {
    size_t mask, n;
    struct ynode **slots;
};

static size_t key_hash(const char *key)
{
    size_t hash = 14695981039346656037ull & SIZE_MAX;
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 1099511628211ull;
    return hash;
}

static bool key_table_fill(struct arena *arena, const struct ynode *map, struct key_table *t)
{
    size_t slots = 8;
    while (slots < map->n * 2)
        slots *= 2;
    t->mask = slots - 1;
    t->slots = arena_alloc(arena, slots * sizeof(struct ynode *));
    return t->slots != NULL;
}

/* The node that has the key already, or NULL after adding this one. */
static struct ynode *key_table_add(struct key_table *t, struct ynode *node)
{
    size_t at = key_hash(node->key) & t->mask;
    for (; t->slots[at]; at = (at + 1) & t->mask)
        if (strcmp(t->slots[at]->key, node->key) == 0)
            return t->slots[at];
    t->slots[at] = node;
    return NULL;
}

static void check_keys(struct reader *r, struct ynode *map)
{
    struct key_table table;
    if (!key_table_fill(r->arena, map, &table)) {
        r->stop = r->broken = true;
        return;
    }
    for (struct ynode *c = map->first; c; c = c->next) {
        const struct ynode *other = key_table_add(&table, c);
        if (other)
            ynode_key_problem(r->problems, c, "is there twice: first in line %d", other->key_line);
    }
}

/* -- nodes ------------------------------------------------------------------------------------- */

static struct ynode *new_node(struct reader *r, enum ynode_kind kind, const yaml_mark_t *mark)
{
    if (++r->nodes > YAML_NODES_MAX) {
        stop_at(r, mark, "is too much: a bundle has at most 100000 keys and values");
        return NULL;
    }
    struct ynode *node = take(r, sizeof(*node));
    if (!node)
        return NULL;
    node->kind = kind;
    node->line = (int)mark->line + 1;
    node->column = (int)mark->column + 1;
    return node;
}

/* Puts a node where the open one awaits it. */
static void attach(struct reader *r, struct ynode *node)
{
    struct ynode *in = r->open;
    if (!in) {
        r->root = node;
        return;
    }
    node->parent = in;
    node->index = in->n++;
    if (r->key) {
        node->key = r->key->key;
        node->key_line = r->key->line;
        node->key_column = r->key->column;
        node->refused = node->refused || r->key->refused;
        r->key = NULL;
    }
    if (in->last)
        in->last->next = node;
    else
        in->first = node;
    in->last = node;
}

static bool awaits_key(const struct reader *r)
{
    return r->open && r->open->kind == YNODE_MAP && !r->key;
}

static void refuse_anchor_and_tag(struct reader *r, const yaml_event_t *e,
                                  const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor)
        problem_at(r, &e->start_mark,
                   "an anchor: bundles have none, write the value where it is used");
    if (tag)
        problem_at(r, &e->start_mark, "a tag: bundles have none, leave it out");
}

static void set_key(struct reader *r, struct ynode *node)
{
    if (r->open->n == YAML_KEYS_MAX) {
        const yaml_mark_t mark = {.line = (size_t)node->line - 1,
                                  .column = (size_t)node->column - 1};
        stop_at(r, &mark, "is one key too many: a mapping has at most 2048");
        return;
    }
    node->parent = r->open;
    node->key = node->text;
    node->key_line = node->line;
    node->key_column = node->column;
    r->key = node;
    if (node->plain && strcmp(node->text, "<<") == 0) {
        ynode_key_problem(r->problems, node, "a merge: bundles have none, write the keys out");
        node->refused = true;
    }
}

/* In place of what it stands for, so that the others are found too. */
static void read_alias(struct reader *r, const yaml_event_t *e)
{
    struct ynode *node = new_node(r, YNODE_SCALAR, &e->start_mark);
    if (!node)
        return;
    problem_at(r, &e->start_mark, "an alias: bundles have none, write the value out");
    node->refused = true;
    node->text = "*";
    if (awaits_key(r))
        set_key(r, node);
    else
        attach(r, node);
}

static void read_scalar(struct reader *r, const yaml_event_t *e)
{
    const char *value = (const char *)e->data.scalar.value;
    size_t length = e->data.scalar.length;
    struct ynode *node = new_node(r, YNODE_SCALAR, &e->start_mark);
    if (!node)
        return;
    refuse_anchor_and_tag(r, e, e->data.scalar.anchor, e->data.scalar.tag);
    if (length > 0 && !utf8_valid(value, length)) {
        problem_at(r, &e->start_mark, "has a character that a text cannot have");
        length = 0;
    }
    node->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->literal = e->data.scalar.style == YAML_LITERAL_SCALAR_STYLE;
    node->text = arena_strndup(r->arena, value, length);
    if (!node->text)
        r->stop = r->broken = true;
    else if (awaits_key(r))
        set_key(r, node);
    else
        attach(r, node);
}

static void begin_collection(struct reader *r, const yaml_event_t *e, enum ynode_kind kind)
{
    if (awaits_key(r)) {
        stop_at(r, &e->start_mark, "a key that is a list or a mapping: keys are texts");
        return;
    }
    if (r->depth == YAML_DEPTH_MAX) {
        stop_at(r, &e->start_mark, "is nested too deep: a bundle has at most 12 levels");
        return;
    }
    struct ynode *node = new_node(r, kind, &e->start_mark);
    if (!node)
        return;
    if (kind == YNODE_MAP)
        refuse_anchor_and_tag(r, e, e->data.mapping_start.anchor, e->data.mapping_start.tag);
    else
        refuse_anchor_and_tag(r, e, e->data.sequence_start.anchor, e->data.sequence_start.tag);
    attach(r, node);
    r->open = node;
    r->depth++;
}

static void end_collection(struct reader *r)
{
    if (r->open->kind == YNODE_MAP)
        check_keys(r, r->open);
    r->open = r->open->parent;
    r->depth--;
}

static void read_event(struct reader *r, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_STREAM_END_EVENT:
        r->stop = true;
        break;
    case YAML_DOCUMENT_START_EVENT:
        if (++r->documents > 1)
            stop_at(r, &e->start_mark, "a second document: a bundle is one");
        break;
    case YAML_ALIAS_EVENT:
        read_alias(r, e);
        break;
    case YAML_SCALAR_EVENT:
        read_scalar(r, e);
        break;
    case YAML_SEQUENCE_START_EVENT:
        begin_collection(r, e, YNODE_LIST);
        break;
    case YAML_MAPPING_START_EVENT:
        begin_collection(r, e, YNODE_MAP);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        end_collection(r);
        break;
    default:
        break;
    }
}

/* -- the whole --------------------------------------------------------------------------------- */

/* What libyaml says, in the words of who looks for a mistake. */
static void syntax_problem(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    const char *text = p->problem ? p->problem : "cannot be read";
    struct bundle_problem where = {.line = (int)p->problem_mark.line + 1,
                                   .column = (int)p->problem_mark.column + 1};
    if (r->open)
        where.path = ynode_path(r->key ? r->key : r->open, r->arena);
    if (p->error == YAML_MEMORY_ERROR)
        text = "takes too much memory";
    if (strstr(text, "cannot start any token"))
        text =
            "a character that nothing can begin with here (a tab? indent with blanks; else put the "
            "text in quotes)";
    if (p->context && p->context_mark.line > 0)
        bundle_problem_add(r->problems, &where, "not YAML: %s (%s that began in line %zu)", text,
                           p->context, p->context_mark.line + 1);
    else
        bundle_problem_add(r->problems, &where, "not YAML: %s", text);
}

static void read_all(struct reader *r)
{
    while (!r->stop) {
        yaml_event_t event;
        if (!yaml_parser_parse(&r->parser, &event)) {
            syntax_problem(r);
            r->broken = true;
            return;
        }
        read_event(r, &event);
        yaml_event_delete(&event);
    }
}

/* Characters that look like a blank or like nothing. YAML takes the first three for line ends, so
 * that its lines are not those that an editor shows, and the last one for a letter. */
static const struct {
    const char *bytes, *name;
    bool is_line_end;
} unseen[] = {{"\xc2\x85", "a next line (U+0085)", true},
              {"\xe2\x80\xa8", "a line separator (U+2028)", true},
              {"\xe2\x80\xa9", "a paragraph separator (U+2029)", true},
              {"\xc2\xa0", "a no-break space (U+00A0)", false}};

/* Within a text a no-break space is a letter like another; where YAML wants a blank it is none. */
static bool stands_for_a_blank(const char *source, size_t at)
{
    size_t n = at;
    while (n > 0 && (source[n - 1] == ' ' || (n > 1 && (unsigned char)source[n - 1] == 0xa0 &&
                                              (unsigned char)source[n - 2] == 0xc2)))
        n -= source[n - 1] == ' ' ? 1 : 2;
    return n == 0 || strchr("\n:-,[{", source[n - 1]) != NULL;
}

static void tell_unseen(const char *source, size_t at, size_t n, struct bundle_problem *where,
                        struct bundle_problems *problems)
{
    for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++) {
        if (strlen(unseen[i].bytes) != n || memcmp(source + at, unseen[i].bytes, n) != 0)
            continue;
        where->warning = true;
        if (unseen[i].is_line_end)
            bundle_problem_add(problems, where,
                               "%s: YAML ends the line here, write a line end or a blank",
                               unseen[i].name);
        else if (stands_for_a_blank(source, at))
            bundle_problem_add(problems, where, "%s, which is no blank in YAML: write a blank",
                               unseen[i].name);
        where->warning = false;
    }
}

/* Refuses what libyaml would only say without a line; false when there is anything. */
static bool check_bytes(const char *source, size_t len, struct bundle_problems *problems)
{
    struct bundle_problem where = {.line = 1, .column = 1};
    if (len > BUNDLE_BYTES_MAX) {
        bundle_problem_add(problems, &where, "the bundle has %zu bytes; at most %u are read", len,
                           BUNDLE_BYTES_MAX);
        return false;
    }
    for (size_t at = 0; at < len;) {
        size_t n = utf8_next(source + at, len - at);
        unsigned char c = (unsigned char)source[at];
        if (n == 0 || c == 0x7f || (c < 0x20 && c != '\n' && c != '\r' && c != '\t')) {
            bundle_problem_add(
                problems, &where,
                n == 0 ? "a byte that is no UTF-8: 0x%02x" : "a control character: 0x%02x", c);
            return false;
        }
        if (n > 1)
            tell_unseen(source, at, n, &where, problems);
        where.column++;
        if (c == '\n') {
            where.line++;
            where.column = 1;
        }
        at += n;
    }
    return true;
}

struct ynode *ynode_read(const char *source, struct arena *arena, struct bundle_problems *problems)
{
    struct reader r = {.arena = arena, .problems = problems};
    if (strncmp(source, BYTE_ORDER_MARK, 3) == 0)
        source += 3;
    size_t len = strnlen(source, BUNDLE_BYTES_MAX + 1);
    size_t errors = problems->n_errors;
    if (!check_bytes(source, len, problems))
        return NULL;
    if (!yaml_parser_initialize(&r.parser)) {
        bundle_problem_add(problems, &(struct bundle_problem){0}, "takes too much memory");
        return NULL;
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)source, len);
    read_all(&r);
    yaml_parser_delete(&r.parser);
    if (r.broken && problems->n_errors == errors)
        bundle_problem_add(problems, &(struct bundle_problem){0}, "takes too much memory");
    else if (!r.broken && !r.root)
        bundle_problem_add(problems, &(struct bundle_problem){.line = 1, .column = 1},
                           "the bundle is empty: begin with `amends: 1`");
    return r.broken ? NULL : r.root;
}
