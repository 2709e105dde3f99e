/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Messages as proto3 canonical JSON (https://protobuf.dev/programming-guides/json/), made from
 * their descriptors: names are in lowerCamelCase, enumerations are words, 64-bit integers are
 * strings, bytes are base64 and timestamps RFC 3339. Fields that are not set are left out.
 *
 * Threading: pure. Ownership: the caller of json_from_message() owns the value (json_decref).
 */

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

#include "base/slice.h"

/* The message as a JSON object; NULL only when memory is exhausted. */
json_t *json_from_message(const ProtobufCMessage *message);

/* Writes a google.protobuf.Timestamp as "2026-11-22T01:42:00.123456Z"; a fraction of a second is
 * written only if there is one. */
void json_time_text(int64_t seconds, int32_t nanos, char out[40]);

/* "customer_id" -> "customerId". */
void json_field_name(const char *proto_name, char out[64]);
