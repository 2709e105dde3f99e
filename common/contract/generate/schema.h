/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Prints the source of contract/schema.h's tables.
 *
 * Threading: one thread. Ownership: the file and the set stay the caller's.
 */

#include <stdio.h>

#include <google/protobuf/descriptor.pb-c.h>

/* Prints to `out`; a set that it cannot print (out of memory) ends the program. */
void print_schema(FILE *out, const Google__Protobuf__FileDescriptorSet *set);
