/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The values that bundles are written with: durations, amounts, times of day, weekdays, per cents,
 * words of the contract's enumerations.
 *
 * Each reader returns NULL and fills what it is given, or a constant text that says what would be
 * right. Threading: pure. Ownership: constants only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

/* "1h30m", "8h", "5d", "90s", "2w", "0s": units from large to small, each once, of at most ten
 * years; a day is 24 hours. */
const char *word_duration(const char *text, int64_t *ms);
/* "5", "12.50", and "unlimited" where it may be: micro-units. */
const char *word_micros(const char *text, bool may_be_unlimited, int64_t *micros);
/* "09:00-17:30:15", over midnight "22:00-06:00", "00:00-24:00", "all day": seconds after the day's
 * midnight, until_s up to 172,800. */
const char *word_window(const char *text, int32_t *from_s, int32_t *until_s);
/* "mon", "mon-fri", "fri-mon", "mon, wed, fri": bit 0 = Monday. */
const char *word_weekdays(const char *text, unsigned *days);
/* "75%": 1 .. POLICY_PERCENT_MAX. */
const char *word_percent(const char *text, int32_t *percent);
/* Decimal digits only. AM_EINVAL else, or when it is not within the bounds. */
int word_whole(const char *text, int min, int max, int *value);
/* "4", "3-5", "4+" within the bounds: bits. */
const char *word_range(const char *text, int min, int max, uint32_t *bits);

/* The number of a value of an enumeration of the contract, by its name without the prefix, in
 * either case; 0 for an unknown one. */
int word_enum(const ProtobufCEnumDescriptor *d, const char *text);
/* The name of a value, lower case, into `out`; "?" for an unknown one. */
#define WORD_MAX 64
#define WORD_LIST_MAX 400
void word_enum_name(const ProtobufCEnumDescriptor *d, int value, char out[WORD_MAX]);
/* "phone, email, ..." into `out`, which it returns. */
const char *word_enum_list(const ProtobufCEnumDescriptor *d, char out[WORD_LIST_MAX]);

/* "a, b, c" of words with NULL at their end, into `out`, which it returns. */
const char *word_list(const char *const *words, char out[WORD_LIST_MAX]);
/* The one of `n` words that is nearest to what was written, NULL when none is near. */
const char *word_nearest(const char *text, const char *const *words, size_t n);
const char *word_enum_nearest(const ProtobufCEnumDescriptor *d, const char *text,
                              char out[WORD_MAX]);
