/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One request as a transfer of curl.
 *
 * Threading: the thread of http.c. Private to common/outbound. Ownership: transfer_end() frees.
 */

#include <curl/curl.h>

#include "outbound/http.h"

struct transfer {
    CURL *easy;
    struct curl_slist *headers;
    struct http_request *request;
    const struct http_config *config;
    bool forbidden, plaintext, cut;
    size_t answered, kept; /* bytes */
    char error[CURL_ERROR_SIZE];
};

/* Ready to be added to a multi handle, with CURLOPT_PRIVATE set to itself. NULL: curl refuses it,
 * and the request says so. */
struct transfer *transfer_begin(const struct http_config *config, struct http_request *r);

/* Writes into the request what came of it. The handle is no longer in a multi handle. */
void transfer_end(struct transfer *t, CURLcode code);

/* Frees it without a word. */
void transfer_drop(struct transfer *t);
