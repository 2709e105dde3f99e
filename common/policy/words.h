/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The values that bundles are written with: durations, amounts, times of day, weekdays, per cents,
 * and the words of the contract's enumerations.
 *
 * A reader that returns a text returns NULL and fills what it is given, or else a constant text
 * that says what would be right, to be put behind the value: "is longer than ten years".
 *
 * Threading: pure. Ownership: constants, or the buffer given.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

/* -- numbers and times ------------------------------------------------------------------------- */

/* "1h30m", "8h", "5d", "90s", "2w", "0s": units from large to small, each once, ten years at most.
 * A day is 24 hours. Milliseconds. */
const char *word_duration(const char *text, int64_t *ms);
/* "5", "12.50", and "unlimited" (MONEY_UNLIMITED) where it may be. Micro-units. */
const char *word_micros(const char *text, bool may_be_unlimited, int64_t *micros);
/* "75%": 1 .. POLICY_PERCENT_MAX. */
const char *word_percent(const char *text, int32_t *percent);
/* A whole number in decimal digits only. AM_EINVAL when it is none, or is out of the bounds. */
int word_whole(const char *text, int min, int max, int *value);
/* "4", "3-5", "4+" within the bounds: a bit for each number. */
const char *word_range(const char *text, int min, int max, uint32_t *bits);

/* "09:00-17:30:15", over midnight "22:00-06:00", "00:00-24:00", "all day": seconds after the day's
 * midnight. `until_s` is up to 172,800 (the end of the next day). */
const char *word_window(const char *text, int32_t *from_s, int32_t *until_s);
/* "mon", "mon-fri", "fri-mon", "mon, wed, fri": bit 0 = Monday. */
const char *word_weekdays(const char *text, unsigned *days);
/* "mon" of 0 .. "sun" of 6. */
const char *word_weekday(int day);

/* -- words of the contract --------------------------------------------------------------------- */

#define WORD_MAX 64       /* bytes of a word, with its end */
#define WORD_LIST_MAX 400 /* of a list of words */

/* The number of a value by its name without the enumeration's prefix, in either case; 0 when there
 * is none of that name. */
int word_enum(const ProtobufCEnumDescriptor *d, const char *text);
/* Writes the name of a value in lower case into `out`; "?" for an unknown one. */
void word_enum_name(const ProtobufCEnumDescriptor *d, int value, char out[WORD_MAX]);
/* Writes all names of an enumeration ("phone, email, ...") into `out`, and returns it. */
const char *word_enum_list(const ProtobufCEnumDescriptor *d, char out[WORD_LIST_MAX]);

/* -- what was meant ---------------------------------------------------------------------------- */

/* Writes "a, b, c" of words with NULL at their end into `out`, and returns it. */
const char *word_list(const char *const *words, char out[WORD_LIST_MAX]);
/* The one of `n` words that is nearest to what was written; NULL when none is near. */
const char *word_nearest(const char *text, const char *const *words, size_t n);
/* The same of the names of an enumeration; the word found is written into `out`. */
const char *word_enum_nearest(const ProtobufCEnumDescriptor *d, const char *text,
                              char out[WORD_MAX]);
