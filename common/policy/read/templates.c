/* SPDX-License-Identifier: Apache-2.0 */

/* The texts of notifications, by language. */

#include <string.h>

#include "contract/words.h"
#include "policy/read/read.h"
#include "policy/template.h"
#include "policy/words.h"

#define FROM_BYTES_MAX 100
/* Of a language: its kinds with `other`, the digest, causes and asks. */
#define TEXTS_OF_LANGUAGE                                                                          \
    (NOTIFICATION_KIND_COUNT + 2 + NOTIFICATION_CAUSE_COUNT + NOTIFICATION_ASK_COUNT)

/* Those of the bundle and those that ship. */
#define LANGUAGES_MAX (TEMPLATE_LANGUAGES_MAX + 8)

struct texts {
    struct bundle *b;
    struct policy_text *items;
    size_t n;
    const char *language;
};

/* -- one text ---------------------------------------------------------------------------------- */

/* Tells a problem at byte `at` of the text: in a block, in the line that it is in. */
static void tell(struct bundle *b, const struct ynode *node, size_t at, const char *part,
                 size_t len, const char *why)
{
    struct bundle_problem where = {.path = ynode_path(node, b->arena)};
    ynode_place(node, &where);
    if (node->literal) {
        where.column = 1;
        where.line++;
        for (size_t i = 0; i < at; i++)
            where.line += node->text[i] == '\n';
    }
    char *shown = arena_strndup(b->arena, part, len);
    bundle_problem_add(b->problems, &where, "`%.*s` %s", shown ? ynode_shown(shown) : 0,
                       shown ? shown : "", why);
}

static void tell_mistake(struct bundle *b, const struct ynode *node, enum template_use use,
                         const struct template_mistake *m)
{
    char list[WORD_LIST_MAX];
    const char *names[VARIABLES + 1];
    size_t n = 0;
    for (int i = 0; i < VARIABLES; i++)
        if (template_allowed(use) >> i & 1)
            names[n++] = template_variables[i];
    names[n] = NULL;
    const char *part = node->text + m->at;
    char *name = m->len > 2 ? arena_strndup(b->arena, part + 1, m->len - 2) : NULL;
    const char *near = name && n > 0 ? read_nearest(b, name, names, n) : NULL;
    const char *why = m->text;
    if (near)
        why = arena_printf(b->arena, "%s; is it `{%s}`?", m->text, near);
    else if (n > 0 && strchr(m->text, ';') == NULL)
        why = arena_printf(b->arena, "%s; known are %s", m->text, word_list(names, list));
    else if (n == 0 && strchr(m->text, ';') == NULL)
        why = "is no variable: words for a cause or for what is asked have none";
    tell(b, node, m->at, part, m->len, why ? why : m->text);
}

/* The place of the first control character that may not be there, or the length. */
static size_t control_at(const char *text, bool lines)
{
    size_t i = 0;
    for (; text[i]; i++) {
        const unsigned char c = (unsigned char)text[i];
        if ((c < ' ' && !(lines && (c == '\n' || c == '\t'))) || c == 0x7f)
            break;
    }
    return i;
}

static size_t most_bytes(enum template_use use)
{
    if (use == TEMPLATE_TEXT || use == TEMPLATE_DIGEST_TEXT)
        return TEMPLATE_TEXT_BYTES_MAX;
    /* NOLINTNEXTLINE(bugprone-branch-clone): two limits, which happen to be equal. */
    return use == TEMPLATE_PHRASE ? TEMPLATE_PHRASE_BYTES_MAX : TEMPLATE_SUBJECT_BYTES_MAX;
}

static bool read_template(struct bundle *b, const struct ynode *node, enum template_use use,
                          const char **out)
{
    const bool lines = use == TEMPLATE_TEXT || use == TEMPLATE_DIGEST_TEXT;
    const size_t most = most_bytes(use);
    const char *text;
    if (!read_text(b, node, most, &text))
        return false;
    const size_t control = control_at(text, lines);
    const struct template_mistake m = template_check(text, use);
    if (text[control])
        tell(b, node, control, text, control,
             lines ? "is followed by a control character"
                   : "is followed by a control character, such as the end of a line; this is one "
                     "line");
    else if (m.text)
        tell_mistake(b, node, use, &m);
    else
        *out = text;
    return *out == text;
}

static struct policy_text *add(struct texts *t, const struct ynode *node, int part, int number)
{
    struct policy_text *text = &t->items[t->n++];
    *text = (struct policy_text){.language = t->language,
                                 .part = (int16_t)part,
                                 .number = (int16_t)number,
                                 .inherited = node->inherited,
                                 .subject = "",
                                 .text = "",
                                 .line = ""};
    return text;
}

static void read_mail(struct texts *t, const struct ynode *node, int number)
{
    static const char *const keys[] = {"subject", "text", NULL};
    if (!read_is_map(t->b, node, "a subject and a text"))
        return;
    read_known_keys(t->b, node, keys);
    struct policy_text *text = add(t, node, POLICY_TEXT_MAIL, number);
    (void)read_template(t->b, read_required(t->b, node, "subject", "the subject of the mail"),
                        TEMPLATE_SUBJECT, &text->subject);
    (void)read_template(t->b, read_required(t->b, node, "text", "the text of the mail"),
                        TEMPLATE_TEXT, &text->text);
}

static void read_digest(struct texts *t, const struct ynode *node)
{
    static const char *const keys[] = {"subject", "text", "line", NULL};
    if (!read_is_map(t->b, node, "a subject, a text and a line for each notification"))
        return;
    read_known_keys(t->b, node, keys);
    struct policy_text *text = add(t, node, POLICY_TEXT_DIGEST, 0);
    (void)read_template(t->b, read_required(t->b, node, "subject", "the subject of the mail"),
                        TEMPLATE_DIGEST_SUBJECT, &text->subject);
    const struct ynode *body =
        read_required(t->b, node, "text", "the text of the mail, with {lines}");
    if (read_template(t->b, body, TEMPLATE_DIGEST_TEXT, &text->text) &&
        !strstr(text->text, "{lines}"))
        ynode_problem(t->b->problems, body, false,
                      "has no {lines}: nobody would read what the notifications say");
    (void)read_template(t->b, read_required(t->b, node, "line", "a line for each notification"),
                        TEMPLATE_DIGEST_LINE, &text->line);
}

/* -- words ------------------------------------------------------------------------------------- */

static void read_word(struct texts *t, const struct ynode *node, int part,
                      const ProtobufCEnumDescriptor *d)
{
    char near[WORD_MAX], all[WORD_LIST_MAX];
    const int number = word_enum(d, node->key);
    if (number > 0) {
        struct policy_text *text = add(t, node, part, number);
        if (!read_template(t->b, node, TEMPLATE_PHRASE, &text->text))
            t->n--;
    } else if (word_enum_nearest(d, node->key, near)) {
        ynode_key_problem(t->b->problems, node, "is no key here; is it `%s`?", near);
    } else {
        ynode_key_problem(t->b->problems, node, "is no key here; known are %s",
                          word_enum_list(d, all));
    }
}

/* A doubt: what has no words is told in English. */
static void look_for_missing(struct texts *t, const struct ynode *map,
                             const ProtobufCEnumDescriptor *d)
{
    char name[WORD_MAX];
    const char *list = NULL;
    for (unsigned i = 0; i < d->n_values; i++) {
        word_enum_name(d, d->values[i].value, name);
        if (d->values[i].value > 0 && !ynode_get(map, name))
            list = arena_printf(t->b->arena, "%s%s%s", list ? list : "", list ? ", " : "", name);
    }
    if (list)
        ynode_problem(t->b->problems, map, true, "has no words for %s: they are told in English",
                      list);
}

static void read_words(struct texts *t, const struct ynode *language, const char *key, int part,
                       const ProtobufCEnumDescriptor *d)
{
    const struct ynode *node = ynode_get(language, key);
    if (!node || !read_is_map(t->b, node, "words for each of them"))
        return;
    for (const struct ynode *c = node->first; c; c = c->next)
        read_word(t, c, part, d);
    look_for_missing(t, node, d);
}

/* -- a language -------------------------------------------------------------------------------- */

static void read_kind(struct texts *t, const struct ynode *node)
{
    char near[WORD_MAX];
    static const char *const others[] = {"other", "digest", "causes", "asks"};
    const ProtobufCEnumDescriptor *kinds = NOTIFICATION_KIND_WORDS;
    const int kind = word_enum(kinds, node->key);
    const bool other = strcmp(node->key, "other") == 0;
    if (kind > 0 || other) {
        read_mail(t, node, other ? 0 : kind);
    } else if (strcmp(node->key, "digest") == 0) {
        read_digest(t, node);
    } else if (strcmp(node->key, "causes") != 0 && strcmp(node->key, "asks") != 0) {
        const char *one = read_nearest(t->b, node->key, others, 4);
        if (!one && word_enum_nearest(kinds, node->key, near))
            one = near;
        ynode_key_problem(t->b->problems, node, "is no kind of notification; %s%s%s",
                          one ? "is it `" : "nor `other`, `digest`, `causes` or `asks",
                          one ? one : "", one ? "`?" : "`");
    }
}

static void read_language(struct texts *t, const struct ynode *node)
{
    t->language = node->key;
    if (!read_is_map(t->b, node, "texts by kind of notification, and `other`"))
        return;
    for (const struct ynode *c = node->first; c; c = c->next)
        read_kind(t, c);
    (void)read_required(t->b, node, "other",
                        "subject and text of the kinds that have none of their own; a later "
                        "release may have more kinds");
    (void)read_required(t->b, node, "digest",
                        "subject, text and line of a mail with several notifications");
    read_words(t, node, "causes", POLICY_TEXT_CAUSE, NOTIFICATION_CAUSE_WORDS);
    read_words(t, node, "asks", POLICY_TEXT_ASK, NOTIFICATION_ASK_WORDS);
}

/* -- the section ------------------------------------------------------------------------------- */

static void read_from(struct bundle *b, const struct ynode *node, const char **from)
{
    const char *text;
    if (!read_text(b, node, FROM_BYTES_MAX, &text))
        return;
    const size_t control = control_at(text, false);
    if (text[control])
        tell(b, node, control, text, control,
             "is followed by a control character, such as the end of a line; this is one line");
    else
        *from = text;
}

/* What ships is not counted: it is always there. */
static bool is_language(struct bundle *b, const struct ynode *node, size_t *n_own)
{
    *n_own += !node->inherited;
    if (!template_is_language(node->key))
        ynode_key_problem(b->problems, node, "is no language: write a tag such as `de` or `pt-BR`");
    else if (!node->inherited && *n_own > TEMPLATE_LANGUAGES_MAX)
        ynode_key_problem(b->problems, node, "is one language too many: at most %d",
                          TEMPLATE_LANGUAGES_MAX);
    else
        return true;
    return false;
}

static void read_each_language(struct texts *t, const struct ynode *node)
{
    size_t n_own = 0, n = 0;
    for (const struct ynode *c = node->first; c; c = c->next) {
        if (strcmp(c->key, "from") == 0 || !is_language(t->b, c, &n_own))
            continue;
        if (n++ < LANGUAGES_MAX)
            read_language(t, c);
    }
}

void read_templates(struct bundle *b)
{
    const struct ynode *node = ynode_get(b->root, "templates");
    if (!node || !read_is_map(b, node, "texts by language"))
        return;
    if (!node->inherited && b->policy->format < 2)
        ynode_key_problem(b->problems, node, "needs a bundle of `amends: 2`");
    struct texts t = {.b = b};
    t.items = arena_alloc(b->arena, sizeof(*t.items) * LANGUAGES_MAX * TEXTS_OF_LANGUAGE);
    if (!t.items) {
        ynode_problem(b->problems, node, false, "is too large to be read");
        return;
    }
    const char *from = "";
    read_from(b, ynode_get(node, "from"), &from);
    read_each_language(&t, node);
    policy_set_texts(b->policy, from, t.items, t.n);
}
