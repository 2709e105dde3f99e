/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/tls_words.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *has, *words;
} table[] = {
    /* Who speaks HTTP/2 in plaintext sends its preface where a handshake is expected. */
    {"wrong version number", "the other side speaks plaintext here, and we speak TLS"},
    {"http request", "the other side speaks plaintext here, and we speak TLS"},
    {"https proxy request", "the other side speaks plaintext here, and we speak TLS"},
    {"packet length too long", "the other side speaks plaintext here, and we speak TLS"},
    {"did not return a certificate",
     "the client has no certificate, which is required here (--tls-client-cert)"},
    {"certificate required", "the other side requires a certificate of ours, and we have none"},
    {"unknown ca", "the other side does not know the CA of our certificate"},
    {"alert certificate expired", "the other side says that our certificate has expired"},
    {"alert bad certificate", "the other side does not accept our certificate"},
    {"alert certificate unknown", "the other side does not accept our certificate"},
    {"alert unsupported certificate", "the other side does not accept our certificate"},
    {"certificate verify failed",
     "the other side's certificate has expired, or comes from a CA that we do not know"},
    /* A certificate whose CA has the name of ours, but another key. */
    {"EVP lib", "the other side's certificate comes from a CA that we do not know"},
    {"unsupported protocol", "the other side speaks an older TLS than 1.2"},
    {"version too low", "the other side speaks an older TLS than 1.2"},
    {"protocol version", "there is no version of TLS that both sides speak"},
    {"no shared cipher", "there is no cipher that both sides know"},
    {"unexpected eof", "the other side ended the connection within the handshake"},
    {"No match found for server name",
     "the server's certificate has not the name by which we call it"},
};

const char *tls_words(const char *text)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strstr(text, table[i].has))
            return table[i].words;
    return NULL;
}

const char *tls_words_of_log(const char *line)
{
    static const char *const beginnings[] = {"Handshake failed", "No match found for server name"};
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        if (strncmp(line, beginnings[i], strlen(beginnings[i])) != 0)
            continue;
        const char *words = tls_words(line);
        return words ? words : "see the library's text";
    }
    return NULL;
}
