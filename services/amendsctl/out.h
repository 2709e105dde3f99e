/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Everything that amendsctl prints. A line is made visible as a whole (text.h), so no stored text
 * can reach the terminal in another way. Output that cannot be written is remembered and becomes
 * the exit code at the end; a closed pipe ends nothing, so that a command that writes several times
 * is never cut off in the middle.
 *
 * Threading: one thread. Ownership: nothing is kept.
 */

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* The exit code when a command was done, and its output could not be written. */
#define OUT_LOST 8

/* How things are shown to the person who reads them. */
struct view {
    size_t columns; /* of the terminal; 0 = any number */
    bool relative;  /* times near `now_s` as "4m10s ago" */
    int64_t now_s;  /* seconds since 1970 */
};

/* To be called first: a closed pipe shall be an error of a write and not a signal. */
void out_begin(void);

/* The terminal's width; without a terminal, or when `wide`, there is no limit and times are
 * absolute. */
struct view out_view(bool wide);

/* One line on standard output, without the newline in the text. */
void out_line(const char *fmt, ...) AM_PRINTF(1, 2);

/* One line on standard error. */
void out_error(const char *fmt, ...) AM_PRINTF(1, 2);

/* A line of progress on standard error, in place of the one before; nothing without a terminal.
 * `last`: the next line begins behind it. */
void out_progress(bool last, const char *fmt, ...) AM_PRINTF(2, 3);

/* A text of many lines (a bundle): byte for byte into a file or a pipe, made visible on a
 * terminal. */
void out_text(const char *text);

/* A message as one line of canonical JSON. */
void out_json(const ProtobufCMessage *message);

/* Writes what is buffered. False when some output could not be written, now or before. */
bool out_flush(void);

/* The exit code of the program: `code`, but OUT_LOST when the command was done and its output is
 * lost. */
int out_end(int code);
