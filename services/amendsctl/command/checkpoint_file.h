/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Files of checkpoints: CheckpointFilePart messages of proto/amends/v1/history_service.proto, each
 * behind its length.
 *
 * Threading: one thread. Ownership: the file is the caller's; parts lie in the arena given.
 */

#include <stdio.h>

#include "amends/v1/history_service.pb-c.h"
#include "base/arena.h"
#include "contract/checkpoint.h"

/* False when it could not be written. */
bool checkpoint_file_write(FILE *file, const Amends__V1__CheckpointFilePart *part);

/* 1 = a part, 0 = the end, -1 = the file is damaged. */
int checkpoint_file_read(FILE *file, struct arena *arena, Amends__V1__CheckpointFilePart **part);

/* A checkpoint of the contract as plain data; false when a part of it has another length. */
bool checkpoint_of_message(const Amends__V1__Checkpoint *m, struct checkpoint *out);
