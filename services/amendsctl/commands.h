/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The table of commands: noun, verb, and the RPC behind it. Everything else is read from the RPC's
 * descriptor.
 *
 * Threading: constants and pure functions. Ownership: constants.
 */

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

struct ctl;

/* The server that answers, as the index of its address. SERVER_WORK is a part of assignment, those
 * from SERVER_POLICY on are parts of intake, and those from SERVER_NOTIFICATION on of resolution.
 */
enum command_server {
    SERVER_INTAKE,
    SERVER_ASSIGNMENT,
    SERVER_RESOLUTION,
    SERVER_WORK,
    SERVER_POLICY,
    SERVER_ACCESS,
    SERVER_HISTORY,
    SERVER_PRIVACY,
    SERVER_FEED,
    SERVER_NOTIFICATION,
    SERVER_WEBHOOK,
    SERVERS
};

/* Options of one command that are no fields of its request. */
enum local_option { LOCAL_OUT, LOCAL_PUBLIC_KEY, LOCAL_LISTEN, LOCALS };
extern const char *const local_names[LOCALS];
#define LOCAL_BIT(id) (1u << (id))

struct ctl_command {
    const char *noun, *verb; /* verb "": the noun alone */
    enum command_server server;
    const char *method; /* "OpenCase": its request has the flags; NULL: no call, no flags */
    /* Fields given without a flag: "case_id,offer_id"; "" = none. "?" behind the last one: it may
     * be left out. "<" before one: a file that holds the text, "-" for standard input. "@FILE": the
     * name of a file that the command reads itself. */
    const char *positional;
    const char *help;
    const char *inner;   /* message field whose flags carry no prefix, or NULL */
    const char *hidden;  /* fields that are no flags: the server's or the command's own to say */
    const char *renamed; /* "statuses=status": the field's flag has another name; NULL: none */
    const char *list;    /* repeated field shown as a table, or NULL: the whole response */
    const char *items;   /* repeated field of a stream's messages, each shown as a line; or NULL */
    const char *columns; /* of the table, or of a stream's lines */
    const char *wrote; /* the values that answer a command that writes; NULL: the whole response */
    const char *empty; /* said when none of these values is given */
    bool offline;      /* no server is asked */
    unsigned locals;   /* LOCAL_BIT of each local option that it takes */
    bool takes_all;    /* --all, though it is no list */
    int (*run)(const struct ctl *c); /* more than one call: the exit code; NULL = the call */
};

extern const struct ctl_command ctl_commands[];
extern const size_t ctl_n_commands;

const ProtobufCServiceDescriptor *ctl_service(enum command_server server);

/* The command, or NULL. `verb` may be NULL. */
const struct ctl_command *ctl_find(const char *noun, const char *verb);

/* True when some command has the noun. */
bool ctl_has_noun(const char *noun);

/* The method's index in its service's descriptor. */
unsigned ctl_method_index(enum command_server server, const char *method);
