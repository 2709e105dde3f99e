/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The command line: global options, the command, and the flags that its request's descriptor gives.
 * Names are given in full: what is only alike is refused with the words that were perhaps meant.
 *
 * Threading: one thread. Ownership: texts are argv's or the environment's; the request lies in the
 * arena.
 */

#include <stdbool.h>
#include <stdint.h>

#include "amendsctl/commands.h"
#include "amendsctl/flags.h"
#include "amendsctl/globals.h"
#include "amendsctl/out.h"
#include "amendsctl/secure.h"
#include "base/arena.h"

struct line {
    const char *address[SERVERS]; /* as people see it */
    const char *target[SERVERS];  /* as gRPC takes it */
    struct secure secure;
    const char *tenant, *as;
    int64_t timeout_ms; /* -1 = the usual one */
    bool json, wide, all;
    struct view view;
    const struct ctl_command *command;
    ProtobufCMessage *request; /* NULL: the command makes no call */
    struct flags *flags;
    const char *file; /* the one that was read or is to be, by the name it was given; NULL = none */
    const char *local[LOCALS];   /* NULL = not given */
    const char *request_id;      /* of a call that writes a case, else NULL */
    const char *word;            /* of a command without a call: what stands behind it, or NULL */
    struct global_values values; /* the global options as they were given */
};

enum line_result {
    LINE_RUN,   /* go on */
    LINE_HELP,  /* help was asked for and printed: exit 0 */
    LINE_WRONG, /* a mistake was printed: exit 1 */
};

enum line_result line_parse(struct line *line, int argc, char **argv, struct arena *arena);

/* Makes the line's command that of `command`, with an empty request and its flags. */
void line_use(struct line *line, const struct ctl_command *command, struct arena *arena);
