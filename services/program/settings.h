/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What an operator can set. Every option is also an environment variable AMENDS_<NAME>.
 *
 * Threading: written once, by settings_parse(), before threads start. Ownership: values borrow the
 * command line and the environment.
 */

#include "program/program.h"
#include "auth/jwt_settings.h"
#include "base/err.h"
#include "outbound/reach.h"
#include "outbound/smtp_session.h"
#include "rpc/server.h"

#include <stdbool.h>
#include <stdint.h>

struct settings {
    const char *listen, *tls_listen, *admin, *livez;
    const char *tls_cert, *tls_key, *tls_client_ca, *tls_client_cert;
    const char *tls_ca; /* for calling assignment */
    const char *pg, *pg_password_file;
    const char *master_keys, *keys_pg;
    const char *redis, *redis_password_file;
    const char *redis_tls_ca, *redis_tls_cert, *redis_tls_key;
    const char *assignment;
    const char *checkpoint_key;
    const char *webhook_networks, *webhook_ca;
    struct reach webhook_reach; /* of webhook_networks */
    int64_t webhook_timeout_ms;
    int64_t checkpoint_interval_s;
    int64_t pg_segment_connections, pg_read_connections, max_queue;
    int64_t max_live_calls, max_live_calls_tenant;     /* 0 = half of max_live_calls */
    int64_t max_calls_principal_s, max_calls_tenant_s; /* 0 = no limit */
    int64_t max_read_bytes, max_unsent_bytes;
    int64_t max_streams, max_streams_tenant, max_streams_principal; /* 0 = half of max_streams; 8 */
    int64_t max_message_bytes;
    int64_t max_connection_age_ms, max_stream_life_ms, max_unread_ms;
    int64_t drain_delay_ms, drain_quiet_ms, drain_grace_ms;
    int64_t drain_timeout_ms; /* 0 = max_connection_age_ms x 1.1 + 5 s */
    const char *log_level;
    enum rpc_auth auth;
    const char *internal_key_file; /* "" = none */
    const char *tls_client_map;    /* "" = certificates say nothing of who calls */
    struct jwt_settings jwt;       /* nothing given = tokens are not taken */
    struct smtp_settings smtp;     /* url "" = no mail is sent */
    bool insecure_principals, insecure_plaintext, insecure_admin;
    bool no_reflection;
    const char *trusted_front_san; /* "" = nobody */
    bool trusted_front_loopback;
    const char *test_clock; /* test builds only */
};

/* Defaults of the spec, then environment, then argv. AM_EINVAL when something is wrong (written to
 * standard error). */
int settings_parse(struct settings *s, const struct program_spec *spec, int argc,
                   char **argv) AM_MUSTCHECK;
