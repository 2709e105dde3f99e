/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Values of one field from the text a person writes. Threading: pure. Ownership: results lie in the
 * arena. */

#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/err.h"

/* Writes the value of a single (not repeated) field to `at`, as protobuf-c stores it. AM_EINVAL
 * with the reason. */
int value_parse(const ProtobufCFieldDescriptor *field, const char *text, void *at,
                struct arena *arena, const char **why) AM_MUSTCHECK;

/* The bytes that one value of the field takes in a repeated field. */
size_t value_width(const ProtobufCFieldDescriptor *field);

/* "FIRST_RESPONSE" of CLOCK_KIND_FIRST_RESPONSE: an enumeration's word without the prefix all its
 * words share. */
const char *value_enum_word(const ProtobufCEnumDescriptor *d, const char *name);
