/* SPDX-License-Identifier: Apache-2.0 */

#include "program/program.h"

#include <signal.h>
#include <stdlib.h>

#include "assignment/assignment.h"
#include "auth/internal_key.h"
#include "auth/jwt.h"
#include "auth/san_file.h"
#include "base/assert.h"
#include "calendar/zone_needed.h"
#include "base/log.h"
#include "store/keys.h"
#include "store/migrate/migrate.h"
#include "store/secrets.h"
#include "store/zones.h"
#include "intake/intake.h"
#include "io/admin.h"
#include "io/testclock.h"
#include "program/route_client.h"
#include "program/settings.h"
#include "program/tls.h"
#include "program/vault.h"
#include "resolution/resolution.h"
#include "shared/access.h"
#include "shared/feed_wake.h"

#define LOOK_US (100 * US_PER_MS)
#define SETTLE_LOOK_US (2 * US_PER_MS)

struct program {
    const struct program_spec *spec;
    struct settings settings;
    struct program_tls tls;
    struct program_vault vault;
    struct admin_state state;
    struct time_source *time;
    struct loop *loop;
    struct service service;
    struct pg_stmt *stmts;
    size_t assignment_stmt, resolution_stmt; /* where theirs begin */
    struct internal_key *internal_key;       /* NULL = none */
    struct keyring *keyring;
    struct key_source *key_source; /* of the keyring */
    struct san_file *certificates; /* NULL = they say nothing of who calls */
    struct jwt *jwt;               /* NULL = tokens are not taken */
    struct auth_checker jwt_checker;
    struct rpc_server *server;
    struct assignment *assignment;     /* NULL without PART_ASSIGNMENT */
    struct resolution *resolution;     /* NULL without PART_RESOLUTION */
    struct route_client *route_client; /* NULL with PART_ASSIGNMENT */
    struct admin *admin, *livez;       /* NULL = none */
    struct testclock *testclock;
    struct sign_keys *keys; /* NULL = none */
    struct zones *zones;    /* NULL until the schema is there */
    struct secrets *secrets;
    struct loop_timer *look;   /* beat and readiness */
    struct loop_timer *settle; /* test builds */
    bool ready;
    bool draining;
};

/* -- readiness --------------------------------------------------------------------------------- */

/* Whoever met the zone has refused; other replicas may have it. */
static void look_for_zones(struct program *p)
{
    const char *missing = zone_missing();
    if (!p->zones && !p->draining && atomic_load(&p->state.schema_ok))
        p->zones = zones_start(p->loop, p->service.pg);
    if (!p->draining && atomic_load(&p->state.schema_ok))
        secrets_start(p->secrets);
    p->service.secret = secrets_tokens(p->secrets);
    atomic_store(&p->state.secret_awaited, !p->service.secret);
    if (missing && missing != atomic_load(&p->state.missing_zone))
        log_error("program", "time_zone_missing", LOG_STR("zone", missing));
    atomic_store(&p->state.missing_zone, missing);
}

static void look(void *ctx)
{
    struct program *p = ctx;
    atomic_store(&p->state.loop_beat_us, time_mono_us());
    if (p->internal_key)
        internal_key_look(p->internal_key);
    look_for_zones(p);
    const bool ready = admin_ready(&p->state);
    if (ready != p->ready) {
        p->ready = ready;
        rpc_server_set_serving(p->server, ready);
        log_info("program", ready ? "ready" : "not_ready");
    }
    loop_timer_start(p->look, LOOK_US);
}

/* -- routes ------------------------------------------------------------------------------------ */

static void routed(void *ctx, const struct route *route)
{
    struct program *p = ctx;
    feed_wake_committed(p->service.wake, route->feeds, route->n_feeds);
    if (p->assignment)
        assignment_route(p->assignment, route);
    else if (p->route_client)
        route_client_add(p->route_client, route);
}

/* -- the test clock ---------------------------------------------------------------------------- */

static bool is_settled(const struct program *p)
{
    return pg_quiet(p->service.pg) && tenants_quiet(p->service.tenants) &&
           (!p->assignment || assignment_settled(p->assignment)) &&
           (!p->resolution || resolution_settled(p->resolution)) &&
           (!p->route_client || route_client_quiet(p->route_client));
}

static void look_if_settled(void *ctx)
{
    struct program *p = ctx;
    if (is_settled(p))
        atomic_store(&p->state.settled_generation, time_test_generation(p->time));
    else
        loop_timer_start(p->settle, SETTLE_LOOK_US);
}

static void time_moved(void *ctx)
{
    struct program *p = ctx;
    if (p->assignment)
        assignment_time_moved(p->assignment);
    if (p->resolution)
        resolution_time_moved(p->resolution);
    loop_timer_start(p->settle, SETTLE_LOOK_US);
}

static int start_testclock(struct program *p)
{
#ifdef AMENDS_TEST_CLOCK
    if (*p->settings.test_clock)
        return testclock_start(p->loop, p->settings.test_clock, time_moved, p, &p->testclock);
#else
    (void)p;
    (void)time_moved;
#endif
    return AM_OK;
}

/* -- start ------------------------------------------------------------------------------------- */

static size_t add_stmts(struct program *p, size_t n, const struct pg_stmt *stmts, size_t more)
{
    for (size_t i = 0; i < more; i++)
        p->stmts[n + i] = stmts[i];
    return n + more;
}

/* The statements of the process: the store's first, then those of the services that it is. */
static size_t gather_stmts(struct program *p)
{
    p->stmts = calloc(store_n_stmts + assignment_n_stmts + resolution_n_stmts, sizeof *p->stmts);
    AM_ASSERT(p->stmts != NULL);
    size_t n = add_stmts(p, 0, store_stmts, store_n_stmts);
    p->assignment_stmt = n;
    if (p->spec->parts & PART_ASSIGNMENT)
        n = add_stmts(p, n, assignment_stmts, assignment_n_stmts);
    p->resolution_stmt = n;
    if (p->spec->parts & PART_RESOLUTION)
        n = add_stmts(p, n, resolution_stmts, resolution_n_stmts);
    return n;
}

/* Callers who are believed may be any agent of any tenant: their tokens need no signature, and the
 * last release's replicas can read what ours write. */
static enum service_tokens tokens_of(enum rpc_auth auth)
{
    static const enum service_tokens tokens[] = {
        [RPC_AUTH_OFF] = SERVICE_TOKENS_AS_BEFORE,
        [RPC_AUTH_PERMISSIVE] = SERVICE_TOKENS_SIGNED,
        [RPC_AUTH_REQUIRED] = SERVICE_TOKENS_SIGNED_ONLY,
    };
    return tokens[auth];
}

static int start_store(struct program *p)
{
    const size_t n_stmts = gather_stmts(p);
    const struct pg_config config = {
        .conninfo = p->settings.pg,
        .segment_connections = (unsigned)p->settings.pg_segment_connections,
        .read_connections = (unsigned)p->settings.pg_read_connections,
        .queue = (unsigned)p->settings.max_queue,
        .application_name = p->spec->name,
        .n_stmts = n_stmts,
        .stmts = p->stmts,
        .schema_needed = migrate_version(),
        .state = &p->state,
    };
    p->service.loop = p->loop;
    p->service.pg = pg_new(p->loop, &config);
    p->secrets = secrets_new(p->loop, p->service.pg);
    p->service.tokens = tokens_of(p->settings.auth);
    atomic_store(&p->state.secret_awaited, true);
    p->service.tenants = tenants_new(p->loop);
    tenants_use(p->service.tenants, p->service.pg);
    p->service.store = store_new(p->service.pg, p->loop, p->service.tenants, routed, p);
    p->service.gate =
        read_gate_new((size_t)p->settings.max_read_bytes, (size_t)p->settings.max_queue);
    p->service.access = access_new(p->loop, p->service.store);
    pg_on_change(p->service.pg, look, p);
    p->key_source = key_source_new(p->service.pg);
    const struct keyring_source source = key_source_of(p->key_source);
    keyring_start(p->keyring, p->loop, &source);
    return program_vault_start(&p->vault, p->loop, &p->settings, p->service.pg, p->service.store);
}

static int start_assignment(struct program *p)
{
    const struct assignment_config config = {
        .service = &p->service,
        .server = p->server,
        .redis_url = p->settings.redis,
        .redis_password_file = p->settings.redis_password_file,
        .redis_tls = p->tls.redis,
        .checkpoint_interval_s = p->settings.checkpoint_interval_s,
        .first_stmt = (unsigned)p->assignment_stmt,
    };
    return assignment_new(&config, &p->assignment);
}

static int start_resolution(struct program *p)
{
    const struct resolution_config config = {
        .service = &p->service,
        .server = p->server,
        .first_stmt = (unsigned)p->resolution_stmt,
        .masters = *p->settings.master_keys ? &p->vault.masters : NULL,
        .webhook_ca = p->settings.webhook_ca,
        .webhook_reach = p->settings.webhook_reach,
        .webhook_timeout_ms = p->settings.webhook_timeout_ms,
        .mail = *p->settings.smtp.url ? &p->settings.smtp : NULL,
    };
    return resolution_new(&config, &p->resolution);
}

static int start_wake(struct program *p)
{
    const struct feed_wake_config config = {.redis_url = p->settings.redis,
                                            .redis_password_file = p->settings.redis_password_file,
                                            .redis_tls = p->tls.redis};
    return feed_wake_new(p->loop, &config, &p->service.wake);
}

static int register_services(struct program *p)
{
    int err = start_wake(p);
    if (!err && p->spec->parts & PART_INTAKE)
        err = intake_register(p->server, &p->service);
    if (!err && p->spec->parts & PART_RESOLUTION)
        err = start_resolution(p);
    if (!err && p->spec->parts & PART_ASSIGNMENT)
        err = start_assignment(p);
    else if (!err)
        p->route_client = route_client_new(p->loop, p->server, p->settings.assignment,
                                           p->tls.client, p->internal_key);
    return err;
}

static void make_server(struct program *p)
{
    const struct rpc_server_config config = {
        .listen = p->settings.listen,
        .tls_listen = p->settings.tls_listen,
        .tls = p->tls.server,
        .client_cert = program_client_cert(&p->settings),
        .insecure_plaintext = p->settings.insecure_plaintext,
        .auth = p->settings.auth,
        .insecure_principals = p->settings.insecure_principals,
        .no_reflection = p->settings.no_reflection,
        .trusted_front_san = *p->settings.trusted_front_san ? p->settings.trusted_front_san : NULL,
        .trusted_front_loopback = p->settings.trusted_front_loopback,
        .limits = {.live_calls = (unsigned)p->settings.max_live_calls,
                   .live_calls_tenant = (unsigned)p->settings.max_live_calls_tenant,
                   .calls_principal_s = (unsigned)p->settings.max_calls_principal_s,
                   .calls_tenant_s = (unsigned)p->settings.max_calls_tenant_s,
                   .unsent_bytes = (size_t)p->settings.max_unsent_bytes,
                   .streams = (unsigned)p->settings.max_streams,
                   .streams_tenant = (unsigned)p->settings.max_streams_tenant,
                   .streams_principal = (unsigned)p->settings.max_streams_principal,
                   .message_bytes = (size_t)p->settings.max_message_bytes,
                   .send_ms = p->settings.max_unread_ms},
        .max_connection_age_ms = p->settings.max_connection_age_ms,
        .max_stream_life_ms = p->settings.max_stream_life_ms,
        .drain_delay_ms = p->settings.drain_delay_ms,
        .drain_quiet_ms = p->settings.drain_quiet_ms,
        .drain_timeout_ms = p->settings.drain_timeout_ms,
        .drain_grace_ms = p->settings.drain_grace_ms,
    };
    p->server = rpc_server_new(&config, p->loop);
    if (p->internal_key)
        rpc_server_add_checker(p->server, internal_key_checker(p->internal_key));
    p->keyring = keyring_new(p->time);
    rpc_server_add_checker(p->server, keyring_checker(p->keyring));
}

/* Without its key a service of several would be refused by assignment, which would cost a second
 * of delay and be hard to find. */
static int read_internal_key(struct program *p)
{
    char why[INTERNAL_KEY_WHY_BYTES];
    if (*p->settings.internal_key_file) {
        int err = internal_key_new(p->settings.internal_key_file, &p->internal_key, why);
        if (err)
            log_error("program", "internal_key_file", LOG_STR("why", why));
        return err;
    }
    if (p->settings.auth != RPC_AUTH_REQUIRED || p->spec->parts == PART_ALL)
        return AM_OK;
    log_error("program", "internal_key_missing",
              LOG_STR("why", "with --auth required the services know each other by a key"),
              LOG_STR("do", "give all of them the same --internal-key-file"));
    return AM_EINVAL;
}

static int start_tokens(struct program *p)
{
    if (!jwt_settings_given(&p->settings.jwt))
        return AM_OK;
    if (p->settings.auth == RPC_AUTH_OFF)
        log_warn("program", "tokens_not_asked_for",
                 LOG_STR("why", "--jwt-... has no effect with --auth off"));
    int err = jwt_new(&p->settings.jwt, p->loop, &p->jwt);
    if (err)
        return err;
    p->jwt_checker = jwt_checker(p->jwt);
    rpc_server_add_checker(p->server, &p->jwt_checker);
    return AM_OK;
}

static int read_keys(struct program *p)
{
    const char *why = NULL;
    if (!*p->settings.checkpoint_key)
        return AM_OK;
    int err = sign_keys_read(p->settings.checkpoint_key, &p->keys, &why);
    if (err)
        log_error("program", "checkpoint_key_unusable", LOG_STR("file", p->settings.checkpoint_key),
                  LOG_STR("why", why));
    p->service.keys = p->keys;
    return err;
}

static void log_certificate_map(void *ctx, int line, const char *what)
{
    const struct program *p = ctx;
    log_error("program", "certificate_map_wrong", LOG_STR("file", p->settings.tls_client_map),
              LOG_INT("line", line), LOG_STR("why", what));
}

static int start_certificates(struct program *p)
{
    if (!*p->settings.tls_client_map)
        return AM_OK;
    int err =
        san_file_new(p->settings.tls_client_map, p->loop, log_certificate_map, p, &p->certificates);
    if (!err)
        rpc_server_use_certificates(p->server, p->certificates);
    return err;
}

static int start_program(struct program *p)
{
    p->time = time_source_new();
    p->loop = loop_new(p->time);
    p->look = loop_timer_new(p->loop, look, p);
    p->settle = loop_timer_new(p->loop, look_if_settled, p);
    int err =
        program_tls_start(&p->tls, p->loop, &p->settings, !(p->spec->parts & PART_ASSIGNMENT));
    if (!err)
        err = read_internal_key(p);
    if (err)
        return err;
    make_server(p);
    err = start_tokens(p);
    if (!err)
        err = start_certificates(p);
    if (!err)
        err = start_store(p);
    if (!err)
        err = read_keys(p);
    if (!err)
        err = register_services(p);
    if (!err && *p->settings.admin)
        err = admin_start(p->settings.admin, &p->state, &p->admin);
    if (!err && *p->settings.livez)
        err = admin_start_livez(p->settings.livez, &p->state, &p->livez);
    if (!err)
        err = start_testclock(p);
    if (!err)
        err = rpc_server_start(p->server);
    return err;
}

/* -- the drain --------------------------------------------------------------------------------- */

static void vault_closed(void *ctx)
{
    struct program *p = ctx;
    loop_stop(p->loop);
}

static void pg_closed(void *ctx)
{
    struct program *p = ctx;
    program_vault_close(&p->vault, vault_closed, p);
}

static void accesses_written(void *ctx)
{
    struct program *p = ctx;
    keyring_stop(p->keyring);
    pg_close(p->service.pg, pg_closed, p);
}

static void sending_ended(void *ctx)
{
    struct program *p = ctx;
    access_stop(p->service.access, accesses_written, p);
}

static void drained(void *ctx)
{
    struct program *p = ctx;
    if (p->assignment)
        assignment_stop(p->assignment);
    if (p->resolution)
        resolution_stop(p->resolution, sending_ended, p);
    else
        sending_ended(p);
}

static void signalled(void *ctx, int signum)
{
    struct program *p = ctx;
    if (p->draining)
        return;
    p->draining = true;
    log_info("program", "draining", LOG_INT("signal", signum));
    atomic_store(&p->state.draining, true);
    rpc_server_drain(p->server, drained, p);
}

static void finish_program(struct program *p)
{
#ifdef AMENDS_TEST_CLOCK
    if (p->testclock)
        testclock_stop(p->testclock);
#endif
    loop_timer_free(p->look);
    loop_timer_free(p->settle);
    if (p->route_client)
        route_client_free(p->route_client);
    rpc_server_free(p->server);
    program_tls_end(&p->tls);
    if (p->assignment)
        assignment_free(p->assignment);
    resolution_free(p->resolution);
    intake_end(&p->service);
    feed_wake_free(p->service.wake);
    zones_free(p->zones);
    secrets_free(p->secrets);
    internal_key_free(p->internal_key);
    keyring_free(p->keyring);
    key_source_free(p->key_source);
    jwt_free(p->jwt);
    san_file_free(p->certificates);
    read_gate_free(p->service.gate);
    access_free(p->service.access);
    program_vault_end(&p->vault);
    store_free(p->service.store);
    tenants_free(p->service.tenants);
    pg_free(p->service.pg);
    admin_stop(p->admin);
    admin_stop(p->livez);
    loop_free(p->loop);
    time_source_free(p->time);
    sign_keys_free(p->keys);
    free(p->stmts);
}

int program_main(const struct program_spec *spec, int argc, char **argv)
{
    static struct program
        program; /* static: pointers to it are in every part until the process ends */
    struct program *p = &program;
    p->spec = spec;
    if (settings_parse(&p->settings, spec, argc, argv))
        return 2;
    log_setup((enum log_level)log_level_parse(p->settings.log_level), spec->name);
    (void)signal(SIGPIPE, SIG_IGN);
    if (start_program(p))
        return 1; /* logged where it failed; the process ends, so nothing needs to be undone */
    loop_on_signal(p->loop, signalled, p);
    log_info("program", "started", LOG_INT("port", rpc_server_port(p->server)));
    look(p);
    loop_run(p->loop);
    finish_program(p);
    log_info("program", "ended");
    return 0;
}
