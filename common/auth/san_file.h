/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The file of auth/san_map.h as it is now: looked at once a second, and read again when it changed.
 * While what is there is wrong, the map before stays in use.
 *
 * Threading: san_file_find() on any thread; the rest on the loop's. Ownership: the path is
 * borrowed.
 */

#include "auth/san_map.h"

struct san_file;
struct loop;

/* Reads the file for the first time. AM_EINVAL when it cannot be read, or is wrong: `tell` was
 * called for each mistake, with the line's number, or 0 for the file as a whole. */
int san_file_new(const char *path, struct loop *loop,
                 void (*tell)(void *ctx, int line, const char *what), void *ctx,
                 struct san_file **out) AM_MUSTCHECK;
/* After the loop has ended, or on its thread. NULL is allowed. */
void san_file_free(struct san_file *f);

/* "certificate", with `alive` alone: a stream ends when the map no longer says what it said. */
const struct auth_checker *san_file_checker(const struct san_file *f);

/* As san_map_find() and san_map_alive(), by the map of now. */
int san_file_find(struct san_file *f, const struct san *names, size_t n, struct arena *arena,
                  struct auth_identity *out, const char **why) AM_MUSTCHECK;
bool san_file_alive(struct san_file *f, const struct auth_identity *identity);
