/* SPDX-License-Identifier: Apache-2.0 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/minmax.h"
#include "outbound/smtp_impl.h"
#include "outbound/smtp_reply.h"

#define CONNECT_TIMEOUT_MS 15000
/* libcurl tries the addresses of a name two at a time. */
#define SOCKETS_MAX 8
#define REPLY_BYTES 1000

struct smtp_session {
    const struct smtp_settings *settings;
    struct smtp_server server;
    char url[600];
    CURL *curl; /* NULL = no connection */
    /* The mail under way. */
    const struct smtp_mail *mail;
    size_t sent;
    enum smtp_phase phase;
    bool connected_now;      /* the dialogue of this mail began with a greeting */
    bool leaving;            /* QUIT was said: what comes now is no answer to the mail */
    char reply[REPLY_BYTES]; /* to the last command, its lines one after the other */
    size_t reply_len;
    char error[CURL_ERROR_SIZE];
    void (*hear)(void *ctx, bool ours, const char *line, size_t len); /* NULL = nobody */
    void *hear_ctx;
    /* What another thread may cut. */
    pthread_mutex_t lock;
    int sockets[SOCKETS_MAX];
    _Atomic bool stopped;
};

/* -- sockets ----------------------------------------------------------------------------------- */

static bool keep_socket(struct smtp_session *s, int fd)
{
    bool kept = false;
    AM_ASSERT(pthread_mutex_lock(&s->lock) == 0);
    for (size_t i = 0; i < SOCKETS_MAX && !kept && !atomic_load(&s->stopped); i++) {
        kept = s->sockets[i] < 0;
        if (kept)
            s->sockets[i] = fd;
    }
    AM_ASSERT(pthread_mutex_unlock(&s->lock) == 0);
    return kept;
}

static curl_socket_t on_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0 || keep_socket(ctx, fd))
        return fd < 0 ? CURL_SOCKET_BAD : fd;
    (void)close(fd);
    return CURL_SOCKET_BAD;
}

/* The lock keeps a number from being cut that was closed and is another's by now. */
static int on_close(void *ctx, curl_socket_t fd)
{
    struct smtp_session *s = ctx;
    AM_ASSERT(pthread_mutex_lock(&s->lock) == 0);
    for (size_t i = 0; i < SOCKETS_MAX; i++) {
        if (s->sockets[i] == fd)
            s->sockets[i] = -1;
    }
    const int failed = close(fd);
    AM_ASSERT(pthread_mutex_unlock(&s->lock) == 0);
    return failed ? 1 : 0;
}

void smtp_session_cut(struct smtp_session *s)
{
    AM_ASSERT(pthread_mutex_lock(&s->lock) == 0);
    atomic_store(&s->stopped, true);
    for (size_t i = 0; i < SOCKETS_MAX; i++) {
        if (s->sockets[i] >= 0)
            (void)shutdown(s->sockets[i], SHUT_RDWR);
    }
    AM_ASSERT(pthread_mutex_unlock(&s->lock) == 0);
}

/* Nobody needs the answer to QUIT, and a server that owes it would be waited for. */
static void stop_listening(struct smtp_session *s)
{
    for (size_t i = 0; i < SOCKETS_MAX; i++) {
        if (s->sockets[i] >= 0)
            (void)shutdown(s->sockets[i], SHUT_RD);
    }
}

/* -- the dialogue ------------------------------------------------------------------------------ */

/* The lines of a login have the password in them. */
static void hear_ours(struct smtp_session *s, const char *line, size_t len)
{
    static const char login[] = "AUTH ...";
    const bool logs_in = smtp_phase_of(line, len, s->phase) == SMTP_LOGIN;
    if (s->hear)
        s->hear(s->hear_ctx, true, logs_in ? login : line, logs_in ? strlen(login) : len);
}

void smtp_session_listen(struct smtp_session *s,
                         void (*hear)(void *ctx, bool ours, const char *line, size_t len),
                         void *ctx)
{
    s->hear = hear;
    s->hear_ctx = ctx;
}

/* What is said, for how far the dialogue has come. Data and TLS are none of our business. */
static int on_debug(CURL *curl, curl_infotype type, char *data, size_t len, void *ctx)
{
    struct smtp_session *s = ctx;
    (void)curl;
    if (type != CURLINFO_HEADER_OUT || s->leaving)
        return 0;
    hear_ours(s, data, len);
    s->leaving = len >= 4 && memcmp(data, "QUIT", 4) == 0;
    if (s->leaving) {
        stop_listening(s);
        return 0;
    }
    s->phase = smtp_phase_of(data, len, s->phase);
    s->connected_now |= s->phase == SMTP_HELLO;
    s->reply_len = 0;
    return 0;
}

/* A line of an answer. */
static size_t on_line(char *data, size_t size, size_t n, void *ctx)
{
    struct smtp_session *s = ctx;
    const size_t len = size * n;
    if (s->hear && !s->leaving)
        s->hear(s->hear_ctx, false, data, len);
    const size_t room = s->leaving ? 0 : sizeof s->reply - s->reply_len;
    const size_t fits = (size_t)smaller((int64_t)len, (int64_t)room);
    memcpy(s->reply + s->reply_len, data, fits);
    s->reply_len += fits;
    return len;
}

/* What was said before the content, "354 go on", is no answer to it. */
static size_t on_read(char *out, size_t size, size_t n, void *ctx)
{
    struct smtp_session *s = ctx;
    const size_t len = (size_t)smaller((int64_t)(size * n), (int64_t)(s->mail->len - s->sent));
    memcpy(out, s->mail->message + s->sent, len);
    s->sent += len;
    s->reply_len = 0;
    return len;
}

static int on_progress(void *ctx, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return atomic_load(&((struct smtp_session *)ctx)->stopped);
}

/* -- the connection ---------------------------------------------------------------------------- */

static bool set_callbacks(struct smtp_session *s)
{
    CURLcode bad = curl_easy_setopt(s->curl, CURLOPT_OPENSOCKETFUNCTION, on_open);
    bad |= curl_easy_setopt(s->curl, CURLOPT_OPENSOCKETDATA, s);
    bad |= curl_easy_setopt(s->curl, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    bad |= curl_easy_setopt(s->curl, CURLOPT_CLOSESOCKETDATA, s);
    bad |= curl_easy_setopt(s->curl, CURLOPT_VERBOSE, 1L);
    bad |= curl_easy_setopt(s->curl, CURLOPT_DEBUGFUNCTION, on_debug);
    bad |= curl_easy_setopt(s->curl, CURLOPT_DEBUGDATA, s);
    bad |= curl_easy_setopt(s->curl, CURLOPT_HEADERFUNCTION, on_line);
    bad |= curl_easy_setopt(s->curl, CURLOPT_HEADERDATA, s);
    bad |= curl_easy_setopt(s->curl, CURLOPT_READFUNCTION, on_read);
    bad |= curl_easy_setopt(s->curl, CURLOPT_READDATA, s);
    bad |= curl_easy_setopt(s->curl, CURLOPT_NOPROGRESS, 0L);
    bad |= curl_easy_setopt(s->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    bad |= curl_easy_setopt(s->curl, CURLOPT_XFERINFODATA, s);
    return bad == CURLE_OK;
}

/* Each answer may take as long as the whole, because a server that looks at the content takes its
 * time. */
static bool set_limits(struct smtp_session *s)
{
    const long whole = (long)s->settings->timeout_ms;
    CURLcode bad = curl_easy_setopt(s->curl, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(s->curl, CURLOPT_QUICK_EXIT, 1L);
    bad |= curl_easy_setopt(s->curl, CURLOPT_CONNECTTIMEOUT_MS,
                            (long)smaller(whole, CONNECT_TIMEOUT_MS));
    bad |= curl_easy_setopt(s->curl, CURLOPT_TIMEOUT_MS, whole);
    bad |= curl_easy_setopt(s->curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (whole + 999) / 1000);
    return bad == CURLE_OK;
}

static bool set_server(struct smtp_session *s)
{
    const struct smtp_settings *set = s->settings;
    CURLcode bad = curl_easy_setopt(s->curl, CURLOPT_URL, s->url);
    bad |= curl_easy_setopt(s->curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    bad |= curl_easy_setopt(s->curl, CURLOPT_PROXY, "");
    bad |= curl_easy_setopt(s->curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    bad |= curl_easy_setopt(s->curl, CURLOPT_USE_SSL,
                            smtp_encrypts(set, &s->server) ? CURLUSESSL_ALL : CURLUSESSL_NONE);
    bad |= curl_easy_setopt(s->curl, CURLOPT_ERRORBUFFER, s->error);
    bad |= curl_easy_setopt(s->curl, CURLOPT_MAIL_FROM, set->sender);
    bad |= curl_easy_setopt(s->curl, CURLOPT_UPLOAD, 1L);
    if (*set->ca)
        bad |= curl_easy_setopt(s->curl, CURLOPT_CAINFO, set->ca);
    return bad == CURLE_OK;
}

/* False when the password cannot be read, which s->error says. */
static bool set_login(struct smtp_session *s)
{
    char password[SMTP_PASSWORD_BYTES_MAX + 2];
    if (!*s->settings->user)
        return true;
    const char *bad = smtp_password_read(s->settings->password_file, password);
    if (bad)
        (void)snprintf(s->error, sizeof s->error, "the password file cannot be used: %s", bad);
    else
        AM_ASSERT(curl_easy_setopt(s->curl, CURLOPT_USERNAME, s->settings->user) == CURLE_OK &&
                  curl_easy_setopt(s->curl, CURLOPT_PASSWORD, password) == CURLE_OK);
    explicit_bzero(password, sizeof password);
    s->phase = bad ? SMTP_LOGIN : s->phase;
    return !bad;
}

static void hang_up(struct smtp_session *s)
{
    stop_listening(s);
    if (s->curl)
        curl_easy_cleanup(s->curl);
    s->curl = NULL;
}

static bool be_ready(struct smtp_session *s)
{
    if (s->curl)
        return true;
    s->curl = curl_easy_init();
    AM_ASSERT(s->curl != NULL);
    AM_ASSERT(set_server(s) && set_limits(s) && set_callbacks(s));
    if (set_login(s))
        return true;
    hang_up(s);
    return false;
}

/* -- one mail ---------------------------------------------------------------------------------- */

static void judge(struct smtp_session *s, CURLcode end, struct smtp_result *r)
{
    const int code = smtp_code_of(s->reply, s->reply_len);
    const bool answered = end == CURLE_OK || code >= 400;
    const char *why = *s->error ? s->error : curl_easy_strerror(end);
    r->phase = s->phase;
    r->code = answered ? code : 0;
    r->outcome = end == CURLE_OK ? SMTP_DELIVERED : smtp_outcome_of(s->phase, r->code);
    if (end != CURLE_OK && atomic_load(&s->stopped))
        r->outcome = SMTP_CUT;
    if (answered)
        smtp_say(s->phase, s->reply, s->reply_len, r->text);
    else
        smtp_say(s->phase, why, strlen(why), r->text);
}

static void send_once(struct smtp_session *s, const struct smtp_mail *mail, struct smtp_result *r)
{
    s->mail = mail;
    s->sent = s->reply_len = 0;
    s->error[0] = '\0';
    s->leaving = false;
    s->connected_now = !s->curl;
    s->phase = s->curl ? SMTP_SENDER : SMTP_CONNECT;
    CURLcode end = CURLE_LOGIN_DENIED;
    if (be_ready(s)) {
        struct curl_slist *to = curl_slist_append(NULL, mail->to);
        AM_ASSERT(to != NULL);
        AM_ASSERT(curl_easy_setopt(s->curl, CURLOPT_MAIL_RCPT, to) == CURLE_OK);
        end = curl_easy_perform(s->curl);
        (void)curl_easy_setopt(s->curl, CURLOPT_MAIL_RCPT, NULL);
        curl_slist_free_all(to);
    }
    judge(s, end, r);
}

void smtp_session_send(struct smtp_session *s, const struct smtp_mail *mail,
                       struct smtp_result *result)
{
    AM_ASSERT(smtp_address_is_good(mail->to));
    for (int tries = 0; tries < 2; tries++) {
        send_once(s, mail, result);
        if (result->outcome == SMTP_DELIVERED)
            return;
        hang_up(s);
        /* A kept connection may have ended, or the server have had enough of it. */
        if (s->connected_now || result->outcome != SMTP_LATER || result->phase != SMTP_SENDER)
            return;
    }
}

/* -- life -------------------------------------------------------------------------------------- */

/* The server is told the domain of the sender, because the name of a pod tells nothing. */
struct smtp_session *smtp_session_new(const struct smtp_settings *settings)
{
    struct smtp_session *s = calloc(1, sizeof *s);
    AM_ASSERT(s != NULL);
    s->settings = settings;
    AM_ASSERT(smtp_server_read(settings->url, &s->server) == NULL);
    (void)snprintf(s->url, sizeof s->url, "%s://%s:%s/%s", s->server.tls_at_once ? "smtps" : "smtp",
                   s->server.host, s->server.port, strchr(settings->sender, '@') + 1);
    for (size_t i = 0; i < SOCKETS_MAX; i++)
        s->sockets[i] = -1;
    AM_ASSERT(pthread_mutex_init(&s->lock, NULL) == 0);
    return s;
}

void smtp_session_rest(struct smtp_session *s)
{
    hang_up(s);
}

bool smtp_session_connected(const struct smtp_session *s)
{
    return s->curl != NULL;
}

void smtp_session_free(struct smtp_session *s)
{
    if (!s)
        return;
    hang_up(s);
    AM_ASSERT(pthread_mutex_destroy(&s->lock) == 0);
    free(s);
}
