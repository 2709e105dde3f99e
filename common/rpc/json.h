/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Messages as proto3 canonical JSON (https://protobuf.dev/programming-guides/json/), from their
 * descriptors: names in lowerCamelCase, enumerations by name, 64-bit integers as strings, bytes as
 * base64, timestamps as RFC 3339; fields that are not given are left out.
 *
 * Threading: pure. Ownership: the caller of json_from_message() owns the value (json_decref).
 */

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

#include "base/slice.h"

/* The message as a JSON object; NULL only when memory is exhausted. */
json_t *json_from_message(const ProtobufCMessage *message);

/* "2026-11-22T01:42:00.123456Z" of a google.protobuf.Timestamp; fractions
 * only where there are any. */
void json_time_text(int64_t seconds, int32_t nanos, char out[40]);

/* "customer_id" -> "customerId". */
void json_field_name(const char *proto_name, char out[64]);
