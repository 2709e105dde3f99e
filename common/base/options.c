/* SPDX-License-Identifier: Apache-2.0 */
#include "base/options.h"

#include <argp.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/assert.h"

#ifndef AMENDS_VERSION
#define AMENDS_VERSION "unreleased"
#endif

/* Keys past the characters are long options only. */
#define KEY_FIRST 0x100
#define KEY_VERSION 0x10000
#define TEXT_QUOTA_BYTES 65536

struct parse {
    const char *program;
    const struct option_spec *specs;
    size_t n;
    const char **positional;
    size_t n_positional;
    size_t found;
    size_t mistakes;
};

static void AM_PRINTF(2, 3) mistake(struct parse *p, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    (void)fprintf(stderr, "%s: %s\n", p->program, text);
    p->mistakes++;
}

static void set_int(struct parse *p, const struct option_spec *spec, const char *name,
                    const char *text)
{
    char *end = NULL;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    bool clean = end != text && *end == '\0' && !isspace((unsigned char)text[0]);
    if (!clean || errno != 0 || n < spec->min || n > spec->max)
        mistake(p, "%s: \"%s\" is not a whole number from %lld to %lld", name, text,
                (long long)spec->min, (long long)spec->max);
    else
        *(int64_t *)spec->target = n;
}

static void set_bool(struct parse *p, const struct option_spec *spec, const char *name,
                     const char *text)
{
    static const char *const words[] = {"false", "true", "0", "1", "no", "yes", "off", "on"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(text, words[i]) == 0) {
            *(bool *)spec->target = i % 2 == 1;
            return;
        }
    }
    mistake(p, "%s: \"%s\" is neither true nor false", name, text);
}

/* `name` is what the user wrote: the flag or the environment variable. */
static void set_option(struct parse *p, const struct option_spec *spec, const char *name,
                       const char *text)
{
    switch (spec->type) {
    case OPTION_STRING:
        *(const char **)spec->target = text;
        break;
    case OPTION_INT:
        set_int(p, spec, name, text);
        break;
    case OPTION_BOOL:
        set_bool(p, spec, name, text);
        break;
    }
}

static char *env_name(struct arena *a, const struct option_spec *spec)
{
    char *name = arena_printf(a, "AMENDS_%s", spec->name);
    AM_ASSERT(name != NULL);
    for (char *c = name; *c; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    return name;
}

/* An empty variable is a value only for text: templates leave numbers and switches empty when they
 * mean the default. */
static void read_environment(struct parse *p, struct arena *a)
{
    for (size_t i = 0; i < p->n; i++) {
        const char *name = env_name(a, &p->specs[i]);
        const char *text = getenv(name);
        if (text && (text[0] != '\0' || p->specs[i].type == OPTION_STRING))
            set_option(p, &p->specs[i], name, text);
    }
}

static void take_word(struct parse *p, const char *word)
{
    if (p->found == p->n_positional)
        mistake(p, "\"%s\" is one word too many", word);
    else
        p->positional[p->found++] = word;
}

static void take_flag(struct parse *p, size_t index, const char *text)
{
    char name[80];
    (void)snprintf(name, sizeof(name), "--%s", p->specs[index].name);
    set_option(p, &p->specs[index], name, text ? text : "true");
}

const char *options_version(void)
{
    return AMENDS_VERSION;
}

static error_t on_key(int key, char *arg, struct argp_state *state)
{
    struct parse *p = state->input;
    if (key == '?') {
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP & ~(unsigned)ARGP_HELP_EXIT_OK);
        exit(0);
    }
    if (key == KEY_VERSION) {
        (void)puts(options_version());
        exit(0);
    }
    if (key == ARGP_KEY_ARG)
        take_word(p, arg);
    else if (key >= KEY_FIRST && (size_t)(key - KEY_FIRST) < p->n)
        take_flag(p, (size_t)(key - KEY_FIRST), arg);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static const char *help_of(struct arena *a, const struct option_spec *spec)
{
    const char *env = env_name(a, spec);
    const char *text = NULL;
    if (spec->type == OPTION_INT)
        text =
            arena_printf(a, "%s (%lld; %s)", spec->help, (long long)*(int64_t *)spec->target, env);
    else if (spec->type == OPTION_STRING && *(const char **)spec->target &&
             **(const char **)spec->target)
        text = arena_printf(a, "%s (%s; %s)", spec->help, *(const char **)spec->target, env);
    else
        text = arena_printf(a, "%s (%s)", spec->help, env);
    return text ? text : spec->help;
}

static struct argp_option *make_table(const struct option_spec *specs, size_t n, struct arena *a)
{
    struct argp_option *table = ARENA_ARRAY(a, struct argp_option, n + 3);
    for (size_t i = 0; i < n; i++) {
        table[i].name = specs[i].name;
        table[i].key = KEY_FIRST + (int)i;
        table[i].arg = specs[i].value                 ? specs[i].value
                       : specs[i].type == OPTION_BOOL ? "BOOL"
                                                      : "VALUE";
        table[i].flags = specs[i].type == OPTION_BOOL ? OPTION_ARG_OPTIONAL : 0;
        table[i].doc = help_of(a, &specs[i]);
        table[i].group = 1;
    }
    table[n] =
        (struct argp_option){.name = "help", .key = '?', .doc = "print this and exit", .group = 2};
    table[n + 1] = (struct argp_option){
        .name = "version", .key = KEY_VERSION, .doc = "print the version", .group = 2};
    return table;
}

int options_parse(const struct option_spec *specs, size_t n, int argc, char **argv, const char *doc,
                  const char **positional, size_t n_positional, size_t *found)
{
    struct parse p = {.program = program_invocation_short_name,
                      .specs = specs,
                      .n = n,
                      .positional = positional,
                      .n_positional = n_positional};
    struct arena a;
    arena_init(&a, TEXT_QUOTA_BYTES);
    struct argp argp = {.options = make_table(specs, n, &a), .parser = on_key, .doc = doc};
    read_environment(&p, &a);
    error_t failed = argp_parse(&argp, argc, argv, ARGP_NO_EXIT | ARGP_NO_HELP, NULL, &p);
    arena_free(&a);
    if (found)
        *found = p.found;
    return failed || p.mistakes > 0 ? AM_EINVAL : AM_OK;
}
