/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inside common/rpc only: what OpenSSL says of a handshake that failed, in plain words.
 *
 * Threading: pure. Ownership: constants.
 */

/* A sentence for the OpenSSL error in `text` ("... wrong version number"); NULL when it is none
 * that is known. "We" is this process, whichever side it is. */
const char *tls_words(const char *text);

/* As tls_words(), for a line of gRPC's log; NULL when it does not tell of a handshake. */
const char *tls_words_of_log(const char *line);
