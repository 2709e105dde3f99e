/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which fields of the contract's messages show personal data, and how they look masked. One table
 * (private.c) names these fields; a test tells when a text of a case's messages is in neither that
 * table nor its list of plain ones.
 *
 *   "Jo Doe"            "J. D."
 *   "jo@example.com"    "j***@e***.com"
 *   "+49 30 1234567"    "+49 *** 67"
 *
 * Of what is short, or not of these forms, nothing is shown but "***".
 *
 * Threading: pure. Ownership: masked texts lie in the arena given; the message is changed in place.
 */

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/* Sets of AccessedFields, bit n = AccessedFields n. */
#define PRIVATE_CONTACT (1u << 1)
#define PRIVATE_WORDS (1u << 2)
#define PRIVATE_EXPORT (1u << 3)

/* What personal data the message shows, with the messages in it. */
uint32_t private_fields(const ProtobufCMessage *message);

/* Masks the fields of these kinds in the message and in those in it, and sets their `masked`: names
 * and contacts become initials, words become empty. False when the arena is full. */
bool private_mask(ProtobufCMessage *message, uint32_t kinds, struct arena *arena) AM_MUSTCHECK;

/* A name or a contact masked; "" stays. NULL when the arena is full. */
char *private_mask_name(const char *name, struct arena *arena);
char *private_mask_contact(const char *contact, struct arena *arena);

/* The kind of a text field of that message; 0 = it is not personal. */
uint32_t private_kind(const ProtobufCMessageDescriptor *message, const char *field);
/* Whether the message has personal fields, or messages that have. */
bool private_has(const ProtobufCMessageDescriptor *message);
