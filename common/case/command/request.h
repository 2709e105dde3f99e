/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * From a request to a command: its ids and the hash of its body.
 *
 * Threading: pure. Ownership: the command borrows the request.
 */

#include "case/model/command.h"

/* Hashes the request body without its request id into cmd->body_hash and takes request_id, case_id
 * and expected_version out of the request's fields of those names; an OpenCase gets the id of its
 * new case, derived from cmd->seed. cmd->kind, .seed and .arena are set before. Adds violations to
 * `fault` for ids that are missing or no UUIDs: one for a field, whoever else checks it too. */
void command_from_request(struct command *cmd, const ProtobufCMessage *request,
                          struct fault *fault);
