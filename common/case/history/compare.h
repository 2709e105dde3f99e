/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Comparing two messages of one type field by field.
 *
 * Threading: pure. Ownership: nothing is kept.
 */

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#define COMPARE_PATH_MAX 96

/* The path of the first field (by its place in the type) in which they differ, such as
 * "amount.units"; into `path`, which is returned. NULL when they are equal. Fields that this
 * version does not know are not looked at. NULL messages are equal to each other only: then the
 * path is "". */
const char *message_difference(const ProtobufCMessage *a, const ProtobufCMessage *b,
                               char path[COMPARE_PATH_MAX]);
