/* SPDX-License-Identifier: Apache-2.0 */
#include "amendsctl/command/checkpoint_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "contract/timestamp.h"

/* More than the largest part: a slice of heads has some hundred KB. */
#define PART_MOST (16u << 20)

static bool write_all(FILE *file, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t n = write(fileno(file), bytes, len);
        if (n < 0 && errno != EINTR)
            return false;
        bytes += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool write_length(FILE *file, size_t len)
{
    uint8_t bytes[10];
    size_t n = 0;
    for (; len >= 0x80; len >>= 7)
        bytes[n++] = (uint8_t)(len | 0x80);
    bytes[n++] = (uint8_t)len;
    return write_all(file, bytes, n);
}

bool checkpoint_file_write(FILE *file, const Amends__V1__CheckpointFilePart *part)
{
    const size_t len = amends__v1__checkpoint_file_part__get_packed_size(part);
    uint8_t *bytes = malloc(len + 1);
    AM_ASSERT(bytes != NULL);
    (void)amends__v1__checkpoint_file_part__pack(part, bytes);
    const bool written = write_length(file, len) && write_all(file, bytes, len);
    free(bytes);
    return written;
}

/* As checkpoint_file_read(). */
static int read_length(FILE *file, size_t *len)
{
    *len = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
        const int byte = fgetc(file);
        if (byte == EOF)
            return shift == 0 && !ferror(file) ? 0 : -1;
        *len |= (size_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return *len <= PART_MOST ? 1 : -1;
    }
    return -1;
}

static void *part_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void part_free(void *arena, void *bytes)
{
    (void)arena;
    (void)bytes;
}

int checkpoint_file_read(FILE *file, struct arena *arena, Amends__V1__CheckpointFilePart **part)
{
    ProtobufCAllocator a = {.alloc = part_alloc, .free = part_free, .allocator_data = arena};
    size_t len;
    const int rc = read_length(file, &len);
    if (rc <= 0)
        return rc;
    uint8_t *bytes = arena_must(arena, len + 1);
    if (fread(bytes, 1, len, file) != len)
        return -1;
    *part = amends__v1__checkpoint_file_part__unpack(&a, len, bytes);
    return *part ? 1 : -1;
}

static bool take_bytes(uint8_t *out, size_t len, const ProtobufCBinaryData *from)
{
    if (from->len != len)
        return false;
    memcpy(out, from->data, len);
    return true;
}

bool checkpoint_of_message(const Amends__V1__Checkpoint *m, struct checkpoint *out)
{
    *out = (struct checkpoint){.number = m->number,
                               .at = timestamp_us(m->checkpoint_time),
                               .heads = m->heads,
                               .through_epoch = m->through_epoch,
                               .through_xid = m->through_transaction,
                               .through_seq = m->through_sequence};
    return uuid_parse(m->through_case_id, &out->through_case_id) == AM_OK &&
           take_bytes(out->heads_hash, sizeof out->heads_hash, &m->heads_hash) &&
           take_bytes(out->prev_hash, sizeof out->prev_hash, &m->previous_hash) &&
           take_bytes(out->hash, sizeof out->hash, &m->hash) &&
           take_bytes(out->public_key, sizeof out->public_key, &m->public_key) &&
           take_bytes(out->signature, sizeof out->signature, &m->signature);
}
