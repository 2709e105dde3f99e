/* SPDX-License-Identifier: Apache-2.0 */

#include "program/settings.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/options.h"
#include "pg/password.h"
#include "program/mail.h"
#include "program/tls.h"
#include "redis/url.h"

#define MESSAGE_LEAST_BYTES 4096
#define MESSAGE_USUAL_BYTES (256 * 1024)
#define MESSAGE_MOST_BYTES (4 * 1024 * 1024)
#define CONNECTIONS_MAX 64
#define QUEUE_MAX 1000000
#define CALLS_MAX 1000000
#define DRAIN_MAX_MS 600000
#define AGE_LEAST_MS 1000
#define AGE_MOST_MS 3600000
#define TIMEOUT_MOST_MS 4000000
#define UNREAD_LEAST_MS 100
#define UNREAD_MOST_MS 600000
#define LIMIT_OPTIONS 18
#define CREDENTIAL_OPTIONS 13
#define TRANSPORT_OPTIONS 13
#define REFRESH_LEAST_MS 1000
#define REFRESH_USUAL_MS 300000
#define REFRESH_MOST_MS 86400000
#define HELD_LEAST_BYTES (8 * 1024 * 1024)
#define HELD_USUAL_BYTES (64 * 1024 * 1024)
#define DAY_S 86400
#define HELD_MOST_BYTES INT64_C(1000000000000)

static void defaults(struct settings *s, const struct program_spec *spec)
{
    *s = (struct settings){
        .listen = spec->listen,
        .tls_listen = "",
        .tls_cert = "",
        .tls_key = "",
        .tls_client_ca = "",
        .tls_client_cert = "",
        .tls_ca = "",
        .admin = spec->admin,
        .livez = "",
        .pg = "",
        .pg_password_file = "",
        .master_keys = "",
        .keys_pg = "",
        .redis = "",
        .redis_password_file = "",
        .redis_tls_ca = "",
        .redis_tls_cert = "",
        .redis_tls_key = "",
        .assignment = "127.0.0.1:7402",
        .checkpoint_key = "",
        .webhook_networks = "",
        .webhook_ca = "",
        .webhook_timeout_ms = 10000,
        .checkpoint_interval_s = 3600,
        .pg_segment_connections = 2,
        .pg_read_connections = 2,
        .max_queue = 4096,
        .max_live_calls = 4096,
        .max_calls_principal_s = 10000,
        .max_calls_tenant_s = 20000,
        .max_read_bytes = HELD_USUAL_BYTES,
        .max_unsent_bytes = HELD_USUAL_BYTES,
        .max_streams = 10000,
        .max_streams_principal = 8,
        .max_message_bytes = MESSAGE_USUAL_BYTES,
        .max_stream_life_ms = 900000,
        .max_unread_ms = 10000,
        .drain_delay_ms = 0,
        .drain_quiet_ms = 2000,
        .drain_grace_ms = 10000,
        .trusted_front_san = "",
        .internal_key_file = "",
        .tls_client_map = "",
        .jwt = {.issuer = "",
                .audience = "",
                .jwks = "",
                .jwks_ca = "",
                .tenant = "",
                .tenant_claim = "",
                .principal_claim = "",
                .roles_claim = "",
                .roles_map = "",
                .refresh_ms = REFRESH_USUAL_MS},
        .log_level = "info",
        .test_clock = "",
    };
}

static int check_auth(struct settings *s, const char *word)
{
    static const char *const words[] = {
        [RPC_AUTH_OFF] = "off",
        [RPC_AUTH_PERMISSIVE] = "permissive",
        [RPC_AUTH_REQUIRED] = "required",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i]) == 0) {
            s->auth = (enum rpc_auth)i;
            return AM_OK;
        }
    }
    (void)fprintf(stderr, "--auth: \"%s\" is not one of off, permissive, required\n", word);
    return AM_EINVAL;
}

/* All programs usually get the same environment: each of them tells of a Redis that cannot be used,
 * also those that leave Redis to assignment. */
static int check_redis(const struct settings *s)
{
    struct redis_target target;
    const char *option = "redis";
    const char *why = NULL;
    if (!*s->redis)
        return AM_OK;
    int err = redis_url_parse(s->redis, &target, &why);
    if (!err && *s->redis_password_file) {
        option = "redis-password-file";
        err = redis_password_read(s->redis_password_file, &target, &why);
    }
    if (!err && !target.tls && (*s->redis_tls_ca || *s->redis_tls_cert || *s->redis_tls_key)) {
        why = "does not begin with rediss://, though files of TLS are given for it";
        err = AM_EINVAL;
    }
    if (err)
        (void)fprintf(stderr, "--%s: %s\n", option, why);
    return err;
}

static void print_wrong(void *ctx, const char *option, const char *what)
{
    (void)ctx;
    (void)fprintf(stderr, "--%s: %s\n", option, what);
}

/* Nobody's certificate would ever be looked at. */
static int check_certificates(const struct settings *s)
{
    if (!*s->tls_client_map || *s->tls_client_ca || *s->trusted_front_san ||
        s->trusted_front_loopback)
        return AM_OK;
    print_wrong(NULL, "tls-client-map",
                "needs --tls-client-ca, whose CAs certificates of clients come from, or a trusted "
                "front that tells their names");
    return AM_EINVAL;
}

static int check_tokens(const struct settings *s)
{
    static struct jwt_rules rules; /* large, and needed only to be checked */
    return jwt_settings_given(&s->jwt) ? jwt_settings_read(&s->jwt, &rules, print_wrong, NULL)
                                       : AM_OK;
}

static int check_webhooks(struct settings *s)
{
    char why[REACH_WHY_BYTES];
    if (reach_parse(s->webhook_networks, &s->webhook_reach, why) == AM_OK)
        return AM_OK;
    print_wrong(NULL, "webhook-networks", why);
    return AM_EINVAL;
}

static int check(const struct settings *s, const struct program_spec *spec)
{
    if (log_level_parse(s->log_level) < 0) {
        (void)fprintf(stderr, "--log-level: \"%s\" is not one of debug, info, warn, error\n",
                      s->log_level);
        return AM_EINVAL;
    }
    if (*s->keys_pg && !*s->master_keys) {
        (void)fprintf(stderr, "--keys-pg: give --master-keys too\n");
        return AM_EINVAL;
    }
    if (check_redis(s) || check_tokens(s) || check_certificates(s) || mail_check(&s->smtp) ||
        program_tls_check(s, !(spec->parts & PART_ASSIGNMENT)))
        return AM_EINVAL;
    return *s->pg_password_file ? pg_password_file(s->pg_password_file) : AM_OK;
}

/* How much at once, and for how long, into `out`; how many options that are. */
static size_t limit_options(struct settings *s, struct option_spec *out)
{
    const struct option_spec table[] = {
        {"max-queue", OPTION_INT, &s->max_queue, 1, QUEUE_MAX, "N",
         "how many commands may wait, and how many reads"},
        {"max-live-calls", OPTION_INT, &s->max_live_calls, 1, CALLS_MAX, "N",
         "how many calls may be in progress, without streams"},
        {"max-live-calls-tenant", OPTION_INT, &s->max_live_calls_tenant, 0, CALLS_MAX, "N",
         "the same for one tenant; 0 = half of max-live-calls"},
        {"max-calls-principal-s", OPTION_INT, &s->max_calls_principal_s, 0, CALLS_MAX, "N",
         "calls a second of one principal; calls that cost much count as several; 0 = no limit"},
        {"max-calls-tenant-s", OPTION_INT, &s->max_calls_tenant_s, 0, CALLS_MAX, "N",
         "the same for one tenant"},
        {"max-read-bytes", OPTION_INT, &s->max_read_bytes, HELD_USUAL_BYTES, HELD_MOST_BYTES,
         "BYTES", "memory of reads in progress; a tenant may have as much of it as is free"},
        {"max-unsent-bytes", OPTION_INT, &s->max_unsent_bytes, HELD_LEAST_BYTES, HELD_MOST_BYTES,
         "BYTES",
         "answers that clients have not read yet; a tenant may have as much of it as is free"},
        {"max-streams", OPTION_INT, &s->max_streams, 1, CALLS_MAX, "N",
         "how many streams may be open"},
        {"max-streams-tenant", OPTION_INT, &s->max_streams_tenant, 0, CALLS_MAX, "N",
         "the same for one tenant; 0 = half of max-streams"},
        {"max-streams-principal", OPTION_INT, &s->max_streams_principal, 1, CALLS_MAX, "N",
         "the same for one principal"},
        {"max-message-bytes", OPTION_INT, &s->max_message_bytes, MESSAGE_LEAST_BYTES,
         MESSAGE_MOST_BYTES, "BYTES",
         "largest request, except for policy; a call may use 16 times as much memory"},
        {"max-connection-age-ms", OPTION_INT, &s->max_connection_age_ms, 0, AGE_MOST_MS, "MS",
         "age at which a connection's client is asked to reconnect, more or less a tenth; 0 = "
         "90000, "
         "and none with a trusted front"},
        {"max-stream-life-ms", OPTION_INT, &s->max_stream_life_ms, AGE_LEAST_MS, AGE_MOST_MS, "MS",
         "age at which a stream ends with a farewell, less up to a tenth; its client comes back"},
        {"max-unread-ms", OPTION_INT, &s->max_unread_ms, UNREAD_LEAST_MS, UNREAD_MOST_MS, "MS",
         "how long a client may leave an answer or a piece of an export unread, and one second "
         "more "
         "for each 64 KiB; then it is given up"},
        {"drain-delay-ms", OPTION_INT, &s->drain_delay_ms, 0, DRAIN_MAX_MS, "MS",
         "after SIGTERM, how long to serve on at least, while /readyz says no"},
        {"drain-quiet-ms", OPTION_INT, &s->drain_quiet_ms, 0, DRAIN_MAX_MS, "MS",
         "after SIGTERM, serve on until no call has come for this long, or no connection is left"},
        {"drain-timeout-ms", OPTION_INT, &s->drain_timeout_ms, 0, TIMEOUT_MOST_MS, "MS",
         "but serve on for at most this long; 0 = max-connection-age-ms x 1.1 + 5000"},
        {"drain-grace-ms", OPTION_INT, &s->drain_grace_ms, 0, DRAIN_MAX_MS, "MS",
         "then, how long calls in progress may take to finish"},
    };
    _Static_assert(sizeof table == LIMIT_OPTIONS * sizeof *table, "that many are there");
    memcpy(out, table, sizeof table);
    return sizeof table / sizeof *table;
}

/* The options about TLS and what stands in front, into `out`; how many they are. */
static size_t transport_options(struct settings *s, struct option_spec *out)
{
    const struct option_spec table[] = {
        {"tls-listen", OPTION_STRING, &s->tls_listen, 0, 0, "ADDR:PORT",
         "one more address, for TLS, while --listen goes on in plaintext; empty = --listen itself "
         "speaks TLS when there is a certificate"},
        {"tls-cert", OPTION_STRING, &s->tls_cert, 0, 0, "FILE",
         "certificate and its chain (PEM), which clients see, and assignment when it is called; "
         "read again when it changes, as all files of TLS; empty = plaintext"},
        {"tls-key", OPTION_STRING, &s->tls_key, 0, 0, "FILE", "the certificate's key (PEM)"},
        {"tls-client-ca", OPTION_STRING, &s->tls_client_ca, 0, 0, "FILE",
         "CAs (PEM) that certificates of clients must come from; empty = clients need none"},
        {"tls-client-cert", OPTION_STRING, &s->tls_client_cert, 0, 0, "WORD",
         "whether a client must have such a certificate: required, asked or none; empty = required "
         "when there is --tls-client-ca"},
        {"tls-ca", OPTION_STRING, &s->tls_ca, 0, 0, "FILE",
         "CAs (PEM) of the assignment service; empty = it is called in plaintext"},
        {"redis-tls-ca", OPTION_STRING, &s->redis_tls_ca, 0, 0, "FILE",
         "CAs (PEM) of Redis, with rediss://; empty = those of the system"},
        {"redis-tls-cert", OPTION_STRING, &s->redis_tls_cert, 0, 0, "FILE",
         "certificate (PEM) that we show to Redis, where it wants one"},
        {"redis-tls-key", OPTION_STRING, &s->redis_tls_key, 0, 0, "FILE", "its key (PEM)"},
        {"insecure-plaintext", OPTION_BOOL, &s->insecure_plaintext, 0, 0, NULL,
         "allow listening, and calling assignment, beyond loopback without TLS: everybody on the "
         "way can read and change it"},
        {"insecure-admin", OPTION_BOOL, &s->insecure_admin, 0, 0, NULL,
         "allow an --admin address that is not loopback: everybody who reaches it reads the "
         "metrics, in plaintext"},
        {"trusted-front-san", OPTION_STRING, &s->trusted_front_san, 0, 0, "NAME",
         "a name in the certificate of the proxy in front that may tell of its clients"},
        {"trusted-front-loopback", OPTION_BOOL, &s->trusted_front_loopback, 0, 0, NULL,
         "let any program of this machine tell of its clients, as a proxy in front of it does"},
    };
    _Static_assert(sizeof table == TRANSPORT_OPTIONS * sizeof *table, "that many are there");
    memcpy(out, table, sizeof table);
    return sizeof table / sizeof *table;
}

/* The options about credentials, into `out`; how many they are. */
static size_t credential_options(struct settings *s, const char **auth, struct option_spec *out)
{
    struct jwt_settings *jwt = &s->jwt;
    const struct option_spec table[] = {
        {"auth", OPTION_STRING, auth, 0, 0, "MODE",
         "off = callers are believed; permissive = so are those without a credential, and counted; "
         "required = every call needs a credential"},
        {"internal-key-file", OPTION_STRING, &s->internal_key_file, 0, 0, "FILE",
         "file with the services' own key, by which they know each other: one or two lines of "
         "random text, of which the first is sent and all are accepted"},
        {"tls-client-map", OPTION_STRING, &s->tls_client_map, 0, 0, "FILE",
         "file that says who calls by the names in a client's certificate; read again when it "
         "changes"},
        {"jwt-issuer", OPTION_STRING, &jwt->issuer, 0, 0, "TEXT",
         "take JSON Web Tokens of this identity provider: what `iss` must be"},
        {"jwt-audience", OPTION_STRING, &jwt->audience, 0, 0, "TEXT", "what `aud` must name"},
        {"jwt-jwks", OPTION_STRING, &jwt->jwks, 0, 0, "FILE|URL",
         "the provider's keys: a file, which may change, or an https:// address"},
        {"jwt-jwks-ca", OPTION_STRING, &jwt->jwks_ca, 0, 0, "FILE",
         "who may vouch for that address; empty = the CAs of the system"},
        {"jwt-refresh-ms", OPTION_INT, &jwt->refresh_ms, REFRESH_LEAST_MS, REFRESH_MOST_MS, "MS",
         "how often the keys are got from the address, besides when a token has an unknown one"},
        {"jwt-tenant", OPTION_STRING, &jwt->tenant, 0, 0, "NAME", "the tenant of all tokens, or"},
        {"jwt-tenant-claim", OPTION_STRING, &jwt->tenant_claim, 0, 0, "CLAIM",
         "the claim that names it"},
        {"jwt-principal-claim", OPTION_STRING, &jwt->principal_claim, 0, 0, "CLAIM",
         "the claim that names the principal; empty = sub"},
        {"jwt-roles-claim", OPTION_STRING, &jwt->roles_claim, 0, 0, "CLAIM",
         "the claim that names the roles, such as realm_access.roles; empty = roles"},
        {"jwt-roles-map", OPTION_STRING, &jwt->roles_map, 0, 0, "MAP",
         "what the provider's groups are here: group=AGENT,leads=AGENT+SUPERVISOR; empty = the "
         "claim has names of roles"},
    };
    _Static_assert(sizeof table == CREDENTIAL_OPTIONS * sizeof *table, "that many are there");
    memcpy(out, table, sizeof table);
    return sizeof table / sizeof *table;
}

int settings_parse(struct settings *s, const struct program_spec *spec, int argc, char **argv)
{
    const char *auth = "off";
    defaults(s, spec);
    const struct option_spec table[] = {
        {"listen", OPTION_STRING, &s->listen, 0, 0, "ADDR:PORT", "address for gRPC"},
        {"admin", OPTION_STRING, &s->admin, 0, 0, "ADDR:PORT",
         "address for metrics and probes over HTTP, on loopback; empty = none"},
        {"livez", OPTION_STRING, &s->livez, 0, 0, "ADDR:PORT",
         "address for the liveness probe alone (HTTP, /livez); empty = only on the address above"},
        {"pg", OPTION_STRING, &s->pg, 0, 0, "CONNINFO",
         "connection string of PostgreSQL, as for libpq; empty = PGHOST and so on"},
        {"pg-password-file", OPTION_STRING, &s->pg_password_file, 0, 0, "FILE",
         "file that holds PostgreSQL's password, if the connection string does not"},
        {"master-keys", OPTION_STRING, &s->master_keys, 0, 0, "FILE",
         "file of master keys: seals what is personal in the database; empty = it is not sealed"},
        {"keys-pg", OPTION_STRING, &s->keys_pg, 0, 0, "CONNINFO",
         "connection string of the database with the customers' keys; empty = the same one"},
        {"redis", OPTION_STRING, &s->redis, 0, 0, "URL",
         "redis://[user[:password]@]host:port[/db], rediss:// for TLS; empty = run without Redis"},
        {"redis-password-file", OPTION_STRING, &s->redis_password_file, 0, 0, "FILE",
         "file that holds the password of Redis"},
        {"assignment", OPTION_STRING, &s->assignment, 0, 0, "ADDR:PORT",
         "address of the assignment service"},
        {"checkpoint-key", OPTION_STRING, &s->checkpoint_key, 0, 0, "FILE",
         "Ed25519 keys in PEM: the first private key signs checkpoints, all others are trusted; "
         "empty = no checkpoints"},
        {"checkpoint-interval-s", OPTION_INT, &s->checkpoint_interval_s, 1, DAY_S, "S",
         "how long at least between two checkpoints of a tenant"},
        {"webhook-networks", OPTION_STRING, &s->webhook_networks, 0, 0, "NETS",
         "networks that webhooks may reach though they are not public, such as "
         "10.0.0.0/8,fd00::/8; "
         "to these also by http:// without TLS; empty = public addresses by https:// alone"},
        {"webhook-ca", OPTION_STRING, &s->webhook_ca, 0, 0, "FILE",
         "CAs (PEM) of receivers of webhooks; empty = those of the system"},
        {"webhook-timeout-ms", OPTION_INT, &s->webhook_timeout_ms, 1000, 60000, "MS",
         "how long a receiver of a webhook may take to answer"},
        {"pg-segment-connections", OPTION_INT, &s->pg_segment_connections, 1, CONNECTIONS_MAX, "N",
         "connections to PostgreSQL for transactions"},
        {"pg-read-connections", OPTION_INT, &s->pg_read_connections, 1, CONNECTIONS_MAX, "N",
         "connections to PostgreSQL for reads"},
        {"log-level", OPTION_STRING, &s->log_level, 0, 0, "LEVEL",
         "what to log: debug, info, warn or error"},
        {"no-reflection", OPTION_BOOL, &s->no_reflection, 0, 0, NULL,
         "do not tell clients the contract by gRPC server reflection"},
        {"insecure-principals", OPTION_BOOL, &s->insecure_principals, 0, 0, NULL,
         "allow a listen address that is not loopback, though callers without a credential are "
         "believed"},
#ifdef AMENDS_TEST_CLOCK
        {"test-clock", OPTION_STRING, &s->test_clock, 0, 0, "FILE",
         "for tests: file that moves the time"},
#endif
    };
    size_t n = sizeof table / sizeof *table;
    struct option_spec all[sizeof table / sizeof *table + LIMIT_OPTIONS + TRANSPORT_OPTIONS +
                           CREDENTIAL_OPTIONS + MAIL_OPTIONS];
    memcpy(all, table, sizeof table);
    n += limit_options(s, all + n);
    n += transport_options(s, all + n);
    n += credential_options(s, &auth, all + n);
    n += mail_options(&s->smtp, all + n);
    size_t words = 0;
    int err = options_parse(all, n, argc, argv, spec->doc, NULL, 0, &words);
    if (!err)
        err = check_auth(s, auth);
    if (!err)
        err = check_webhooks(s);
    return err ? err : check(s, spec);
}
