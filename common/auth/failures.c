/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/failures.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "base/assert.h"
#include "base/digest.h"
#include "base/minmax.h"
#include "base/time.h"

#define SETS 512
#define WAYS 8
#define ADDRESS_BYTES 64
/* What one failure takes away, as the time in which it comes back. */
#define FAILURE_US (US_PER_S / FAILURES_A_SECOND)
#define BURST_US (FAILURES_BURST * FAILURE_US)

/* `full_us` is the instant at which all failures are made good: further than BURST_US away, there
 * is no room. Zero is an instant long ago, so an empty entry is one that never failed. */
struct entry {
    uint64_t hash;
    int64_t full_us;
};

struct failures {
    uint8_t salt[16]; /* so that nobody can choose addresses that share a set */
    struct entry sets[SETS][WAYS];
    int64_t costly_full_us; /* as full_us of an entry */
};

struct failures *failures_new(void)
{
    struct failures *f = calloc(1, sizeof(*f));
    AM_ASSERT(f != NULL);
    AM_ASSERT(RAND_bytes(f->salt, sizeof(f->salt)) == 1);
    return f;
}

void failures_free(struct failures *f)
{
    free(f);
}

/* The address without its port, and without the brackets that gRPC writes as %5B and %5D. */
static struct slice address_of(const char *peer)
{
    const char *end = strrchr(peer, ':');
    if (strncmp(peer, "ipv6:", 5) == 0) {
        const char *begin = peer + 5;
        begin += strncmp(begin, "%5B", 3) == 0 ? 3 : *begin == '[';
        const char *close = strpbrk(begin, "%]");
        return close ? slice_of(begin, (size_t)(close - begin)) : slice_str(peer);
    }
    return end && strncmp(peer, "ipv4:", 5) == 0 ? slice_of(peer, (size_t)(end - peer))
                                                 : slice_str("local");
}

/* The network of an IPv6 address: a customer has at least as many addresses as it numbers. */
static struct slice network_of(struct slice address, struct in6_addr *v6)
{
    char text[ADDRESS_BYTES];
    if (address.len >= sizeof(text))
        return address;
    memcpy(text, address.data, address.len);
    text[address.len] = '\0';
    if (inet_pton(AF_INET6, text, v6) != 1)
        return address;
    return IN6_IS_ADDR_V4MAPPED(v6) ? slice_of(v6, sizeof(*v6)) : slice_of(v6, 8);
}

static uint64_t hash_of(const struct failures *f, const char *peer)
{
    struct in6_addr v6;
    const struct slice fields[] = {slice_of(f->salt, sizeof(f->salt)),
                                   network_of(address_of(peer), &v6)};
    return digest_key(fields, 2) | 1; /* an empty entry has 0 */
}

/* WAYS when it is not there. */
static size_t find(const struct entry *set, uint64_t hash)
{
    size_t i = 0;
    while (i < WAYS && set[i].hash != hash)
        i++;
    return i;
}

/* In the place of the entry that failed least. */
static struct entry *add(struct entry *set, uint64_t hash)
{
    struct entry *least = &set[0];
    for (size_t i = 1; i < WAYS; i++)
        if (set[i].full_us < least->full_us)
            least = &set[i];
    *least = (struct entry){.hash = hash};
    return least;
}

bool failures_room(const struct failures *f, const char *peer, int64_t now_us)
{
    const uint64_t hash = hash_of(f, peer);
    const struct entry *set = f->sets[(hash >> 1) % SETS];
    const size_t i = find(set, hash);
    return i == WAYS || set[i].full_us - now_us <= BURST_US - FAILURE_US;
}

#define COSTLY_US (US_PER_S / FAILURES_COSTLY_A_SECOND)

bool failures_crowded(const struct failures *f, int64_t now_us)
{
    return f->costly_full_us - now_us > US_PER_S - COSTLY_US;
}

void failures_add_costly(struct failures *f, int64_t now_us)
{
    const int64_t from = f->costly_full_us > now_us ? f->costly_full_us : now_us;
    f->costly_full_us = smaller(from + COSTLY_US, now_us + US_PER_S);
}

uint32_t failures_add(struct failures *f, const char *peer, int64_t now_us)
{
    const uint64_t hash = hash_of(f, peer);
    struct entry *set = f->sets[(hash >> 1) % SETS];
    const size_t i = find(set, hash);
    struct entry *e = i < WAYS ? &set[i] : add(set, hash);
    const int64_t from = e->full_us > now_us ? e->full_us : now_us;
    e->full_us = from + FAILURE_US;
    const int64_t over = e->full_us - now_us - (BURST_US - FAILURE_US);
    if (e->full_us - now_us > BURST_US)
        e->full_us = now_us + BURST_US;
    return over > 0 ? (uint32_t)(over / US_PER_MS) + 1 : 0;
}
