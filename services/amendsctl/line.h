/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The command line: global options (each also AMENDS_<NAME>), the command, and the flags that its
 * request's descriptor gives.
 *
 * Threading: one thread. Ownership: texts are argv's or the environment's; the request lies in the
 * arena.
 */

#include <stdbool.h>
#include <stdint.h>

#include "amendsctl/commands.h"
#include "base/arena.h"
#include "base/err.h"

struct line {
    const char *address[SERVERS];
    const char *tenant, *as;
    int64_t timeout_ms;
    bool json;
    const struct ctl_command *command;
    ProtobufCMessage *request;
    const char *file; /* the one that was read, by the name it was given; NULL = none */
};

enum line_result {
    LINE_RUN,   /* go on */
    LINE_HELP,  /* help was asked for and printed: exit 0 */
    LINE_WRONG, /* a mistake was printed: exit 1 */
};

enum line_result line_parse(struct line *line, int argc, char **argv, struct arena *arena);
