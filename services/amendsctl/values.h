/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Values of one field from the text a person writes.
 *
 * Threading: pure. Ownership: results lie in the arena.
 */

#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/err.h"

/* Writes the value of a single (not repeated) field to `at`, as protobuf-c stores it. AM_EINVAL
 * with the reason. */
int value_parse(const ProtobufCFieldDescriptor *field, const char *text, void *at,
                struct arena *arena, const char **why) AM_MUSTCHECK;

/* The words of an enumeration as a person writes them, with `between` them: "open, in-progress". */
const char *value_words(const ProtobufCEnumDescriptor *words, const char *between,
                        struct arena *arena);

/* One of these words, from its name in the contract: "in-progress". */
const char *value_word(const ProtobufCEnumDescriptor *words, const char *name, struct arena *arena);

/* The bytes that one value of the field takes in a repeated field. */
size_t value_width(const ProtobufCFieldDescriptor *field);
