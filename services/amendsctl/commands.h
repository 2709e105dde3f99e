/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The table of commands: noun, verb, and the RPC behind it. Everything else is read from the RPC's
 * descriptor. */

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

/* Which server answers; index of the address options. */
enum command_server { SERVER_INTAKE, SERVER_ASSIGNMENT, SERVER_RESOLUTION, SERVERS };

struct ctl_command {
    const char *noun, *verb;
    enum command_server server;
    const char *method;     /* "OpenCase" */
    const char *positional; /* fields given without a flag: "case_id,offer_id"; "" = none */
    const char *inner;      /* message field whose flags carry no prefix, or NULL */
    const char *list;       /* repeated field shown as a table, or NULL: the whole response */
    const char *columns;
    const char *help;
};

extern const struct ctl_command ctl_commands[];
extern const size_t ctl_n_commands;

const ProtobufCServiceDescriptor *ctl_service(enum command_server server);

/* Fields of the message `inner` that the server ignores, with commas between; "" = none. */
const char *ctl_left_out(const struct ctl_command *c);

/* The command, or NULL. */
const struct ctl_command *ctl_find(const char *noun, const char *verb);

/* The method's index in its service's descriptor. */
unsigned ctl_method_index(const struct ctl_command *c);
