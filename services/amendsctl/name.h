/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Names of cases on the command line. Wherever a case's id is taken, the first characters of one
 * will do, if no other case's id begins so, and so will a reference.
 *
 * Threading: one thread. Ownership: the id lies in the arena.
 */

#include "amendsctl/call.h"

/* Puts the whole id into the request's field `case_id`, if it has one that names a case otherwise:
 * asks intake for it. Returns 0, or the exit code when it has printed what is wrong. */
int name_case(const struct ctl *c) AM_MUSTCHECK;
