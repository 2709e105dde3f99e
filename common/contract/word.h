/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The contract's enumerations as words and numbers. The names themselves are in two headers that
 * the build makes from proto/amends/v1, so that no number, size or text of an enumeration is
 * written by hand. For the enumeration CaseStatus, "contract/words.h" has:
 *
 *   CASE_STATUS_OPEN        the generated constant, under the name that the contract gives it
 *   CASE_STATUS_COUNT       its largest number and one: the length of an array indexed by it
 *   CASE_STATUS_WORDS       its descriptor, for the functions below and for check_enum()
 *   SQL_CASE_STATUS_OPEN    its number as a string literal, for the texts of SQL statements
 *
 * and CONTRACT_ALL_WORDS lists all descriptors. "contract/reasons.h" has the same of ErrorReason.
 *
 * Threading: pure. Ownership: constants.
 */

#include <protobuf-c/protobuf-c.h>

/* The word of a number without the enumeration's prefix: "IN_PROGRESS"; "UNSPECIFIED" for 0, "?"
 * for a number that the contract does not have. */
const char *contract_word(const ProtobufCEnumDescriptor *words, int number);

/* The name of one of the enumeration's values, without the prefix; the whole name where the
 * enumeration has no value PREFIX_UNSPECIFIED. */
const char *contract_without_prefix(const ProtobufCEnumDescriptor *words, const char *name);

/* The number of a word without the prefix, in either case; -1 for an unknown one. "UNSPECIFIED" is
 * 0. */
int contract_number(const ProtobufCEnumDescriptor *words, const char *word);

/* The word of an ErrorReason, as ErrorInfo.reason has it: "CASE_NOT_FOUND"; "" for 0. */
const char *contract_reason(int reason);
