/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/args.h"

#include "base/assert.h"
#include "rpc/service_config.h"

#define MINUTES (60 * 1000)
#define SECONDS 1000
#define METADATA_HARD_BYTES (64 * 1024)

/* gRPC asks for char *, but only reads it. */
static char *text_of(const char *constant)
{
    const union {
        const char *in;
        char *out;
    } u = {constant};
    return u.out;
}

static void add(struct args *out, const char *key, int value)
{
    AM_ASSERT(out->list.num_args < ARGS_MAX);
    grpc_arg *arg = &out->items[out->list.num_args++];
    arg->type = GRPC_ARG_INTEGER;
    arg->key = text_of(key);
    arg->value.integer = value;
}

static void add_text(struct args *out, const char *key, const char *value)
{
    AM_ASSERT(out->list.num_args < ARGS_MAX);
    grpc_arg *arg = &out->items[out->list.num_args++];
    arg->type = GRPC_ARG_STRING;
    arg->key = text_of(key);
    arg->value.string = text_of(value);
}

static void begin(struct args *out)
{
    out->list = (grpc_channel_args){.num_args = 0, .args = out->items};
    /* Channelz keeps a record for each call, and nothing here serves these records. */
    add(out, GRPC_ARG_ENABLE_CHANNELZ, 0);
    add(out, GRPC_ARG_MAX_CHANNEL_TRACE_EVENT_MEMORY_PER_NODE, 0);
}

void args_server(struct args *out, const struct rpc_server_config *config)
{
    const struct rpc_limits *limits = &config->limits;
    begin(out);
    /* By default two servers would silently share a port. */
    add(out, GRPC_ARG_ALLOW_REUSEPORT, 0);
    /* This is the largest limit of any method. Each method checks its own limit when the message is
     * here. */
    const size_t most =
        limits->message_bytes > RPC_MESSAGE_MOST ? limits->message_bytes : RPC_MESSAGE_MOST;
    add(out, GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, (int)most);
    /* Past this limit gRPC ends the whole connection, with the calls of others on it. Our own limit
     * is much smaller, and ends only the call. */
    add(out, GRPC_ARG_MAX_METADATA_SIZE, METADATA_HARD_BYTES);
    /* One connection of a gateway may carry the streams of many agents. It needs a bound all the
     * same: this version of gRPC has no other defence against streams that are opened and reset at
     * once. */
    add(out, GRPC_ARG_MAX_CONCURRENT_STREAMS, 1000);
    /* This version of gRPC does not bound the size of a message that it decompresses. */
    add(out, GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
    add(out, GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
    add(out, GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1 << GRPC_COMPRESS_NONE);
    /* Clients behind a load balancer for connections must connect again to find new replicas. gRPC
     * varies the age by a tenth. It does not tell a connection's age, so a stream may begin at the
     * very end of it: the grace is longer than a stream's life. */
    add(out, GRPC_ARG_MAX_CONNECTION_AGE_MS, (int)config->max_connection_age_ms);
    add(out, GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, (int)config->max_stream_life_ms + 1 * MINUTES);
    /* Whoever connects and then says nothing. */
    add(out, GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10 * SECONDS);
    add(out, GRPC_ARG_MAX_CONNECTION_IDLE_MS, 15 * MINUTES);
    /* So it is noticed within the 30 s of an agent's lease that the agent's machine is gone. */
    add(out, GRPC_ARG_KEEPALIVE_TIME_MS, 20 * SECONDS);
    add(out, GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 8 * SECONDS);
    add(out, GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    /* Clients may ping every 10 s, with or without calls. */
    add(out, GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10 * SECONDS);
    add(out, GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
}

void args_client(struct args *out, bool watch_health, const char *server_name)
{
    begin(out);
    add(out, GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    add(out, GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1 * SECONDS); /* how long one attempt may take */
    add(out, GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2 * SECONDS);
    add(out, GRPC_ARG_KEEPALIVE_TIME_MS, 20 * SECONDS);
    add(out, GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5 * SECONDS);
    add(out, GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 2 * SECONDS);
    /* Without this, two clients of the same target would share one connection. */
    add(out, GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    /* All replicas to which the name resolves, health, and the repeating of calls that a replica on
     * its way down did not answer. */
    add_text(out, GRPC_ARG_SERVICE_CONFIG, RPC_SERVICE_CONFIG);
    add(out, GRPC_ARG_INHIBIT_HEALTH_CHECKING, !watch_health);
    /* Only the target decides where calls go: no service config from DNS, no proxy. */
    add(out, GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
    add(out, GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    if (server_name)
        add_text(out, GRPC_SSL_TARGET_NAME_OVERRIDE_ARG, server_name);
}
