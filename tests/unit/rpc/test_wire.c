/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "contract/reasons.h"
#include "rpc/wire.h"

static const ProtobufCMessageDescriptor *const type = &amends__test__echo_request__descriptor;

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 64 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

/* Checks `bytes` and expects the one violation `field`: `text`; NULL = none. */
static void expect(const void *bytes, size_t len, const struct wire_limits *limits,
                   const char *field, const char *text)
{
    struct fault fault;
    fault_init(&fault, &arena);
    int err = wire_check(type, slice_of(bytes, len), limits, &fault);
    if (!field) {
        assert_int_equal(err, 0);
        assert_false(fault_is_set(&fault));
        return;
    }
    assert_int_equal(err, AM_EINVAL);
    assert_int_equal(fault.code, FAULT_INVALID_ARGUMENT);
    assert_int_equal(fault.reason, ERROR_REASON_INVALID_ARGUMENT);
    assert_int_equal(fault.n_violations, 1);
    assert_string_equal(fault.violations[0].key, field);
    assert_string_equal(fault.violations[0].text, text);
}

#define EXPECT_OK(bytes) expect(bytes, sizeof(bytes) - 1, NULL, NULL, NULL)
#define EXPECT_BAD(bytes, field, text) expect(bytes, sizeof(bytes) - 1, NULL, field, text)

static void empty_is_sound(void **state)
{
    (void)state;
    expect(NULL, 0, NULL, NULL, NULL);
    EXPECT_OK("");
}

static void strings(void **state)
{
    (void)state;
    EXPECT_OK("\x0a\x03"
              "abc");
    EXPECT_OK("\x0a\x02\xc3\xa9");
    EXPECT_BAD("\x0a\x02\xc3\x28", "text", "the string is not valid UTF-8");
    EXPECT_BAD("\x0a\x03\xed\xa0\x80", "text", "the string is not valid UTF-8");
    EXPECT_BAD("\x0a\x03"
               "a\0b",
               "text", "the string has a NUL character");
    EXPECT_BAD("\x52\x05\x1a\x00\x1a\x01\xff", "inner.tags[1]", "the string is not valid UTF-8");
    EXPECT_BAD("\x5a\x00\x5a\x04\x0a\x02\xff\xff", "inners[1].text",
               "the string is not valid UTF-8");
    /* Bytes may be anything. */
    EXPECT_OK("\x6a\x03\x00\xff\xfe");
    const struct wire_limits short_strings = {.string_bytes = 2};
    expect("\x0a\x03"
           "abc",
           5, &short_strings, "text", "the string is too long");
}

static void enums(void **state)
{
    (void)state;
    EXPECT_OK("\x18\x02");
    EXPECT_OK("\x18\xf9\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    EXPECT_OK("\x18\xf9\xff\xff\xff\x0f");
    EXPECT_BAD("\x18\x03", "color", "the enum has no such number");
    EXPECT_BAD("\x2a\x03\x01\x02\x09", "colors[2]", "the enum has no such number");
    EXPECT_BAD("\x28\x01\x28\x05", "colors[1]", "the enum has no such number");
    const struct wire_limits any = {.any_enum = true};
    expect("\x18\x03", 2, &any, NULL, NULL);
}

static void wire_types(void **state)
{
    (void)state;
    EXPECT_BAD("\x08\x01", "text", "the field has another type");
    EXPECT_BAD("\x12\x01\x01", "number", "the field has another type");
    EXPECT_BAD("\x15\x00\x00\x00\x00", "number", "the field has another type");
    EXPECT_BAD("\x50\x01", "inner", "the field has another type");
    /* Packed and not, either is right for a repeated number. */
    EXPECT_OK("\x30\x01\x32\x02\x01\x02");
    EXPECT_OK("\xca\x0c\x02\x01\x02");
    EXPECT_BAD("\x42\x07\x00\x00\x00\x00\x00\x00\x00", "doubles[0]",
               "the packed field is malformed");
    EXPECT_BAD("\x32\x02\x01\x80", "numbers[0]", "the packed field is malformed");
    EXPECT_BAD("\x3a\x01\x02", "flags[0]", "the packed field is malformed");
}

static void malformed(void **state)
{
    static const char text[] = "the message is truncated or malformed";
    (void)state;
    EXPECT_BAD("\x0a", "request", text);
    EXPECT_BAD("\x0a\x05"
               "abc",
               "request", text);
    EXPECT_BAD("\x10\x80", "request", text);
    EXPECT_BAD("\x10\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "request", text);
    EXPECT_BAD("\x00\x01", "request", text);                 /* field 0 */
    EXPECT_BAD("\xff\xff\xff\xff\x7f\x01", "request", text); /* a key of 35 bits */
    EXPECT_BAD("\x0b\x0c", "request", text);                 /* a group */
    EXPECT_BAD("\x52\x02\x0a\x05", "inner", text);
    EXPECT_BAD("\x0a\x80\x80\x80\x80\x80\x00", "request", text); /* a length of six bytes */
}

static void unknown_fields_pass(void **state)
{
    (void)state;
    EXPECT_OK("\xa0\x1f\x01\xa2\x1f\x02\xff\xff\xa5\x1f\x01\x02\x03\x04");
    EXPECT_BAD("\xa2\x1f\x02\xff", "request", "the message is truncated or malformed");
}

static void too_many_items(void **state)
{
    const struct wire_limits two = {.repeated_items = 2};
    (void)state;
    expect("\x22\x00\x22\x00", 4, &two, NULL, NULL);
    expect("\x22\x00\x22\x00\x22\x00\x22\x00", 8, &two, "tags", "the field has too many items");
    expect("\x32\x03\x01\x01\x01", 5, &two, "numbers", "the field has too many items");
    expect("\x4a\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 14, &two, "words",
           "the field has too many items");
    /* Each message counts its own. */
    expect("\x5a\x04\x1a\x00\x1a\x00\x5a\x04\x1a\x00\x1a\x00", 12, &two, NULL, NULL);
}

/* `levels` messages within each other; returns the length. */
static size_t nest(uint8_t *out, unsigned levels)
{
    size_t len = 0;
    for (unsigned i = 0; i < levels; i++) {
        memmove(out + 2, out, len);
        out[0] = i + 1 == levels ? 0x62 : 0x0a;
        out[1] = (uint8_t)len;
        len += 2;
    }
    return len;
}

static void too_deep(void **state)
{
    uint8_t bytes[256];
    const struct wire_limits three = {.depth = 3};
    (void)state;
    expect(bytes, nest(bytes, 2), &three, NULL, NULL);
    expect(bytes, nest(bytes, 3), &three, "deep.inner.inner", "the message is nested too deeply");
    expect(bytes, nest(bytes, 15), NULL, NULL, NULL);
    expect(bytes, nest(bytes, 60), NULL,
           "deep.inner.inner.inner.inner.inner.inner.inner.inner.inner.inner.inner.inner.inner"
           ".inner.inner",
           "the message is nested too deeply");
}

static void all_violations_at_once(void **state)
{
    static const uint8_t bytes[] = "\x0a\x01\xff\x18\x63\x52\x04\x0a\x02\x00\x00\x70\x01";
    struct fault fault;
    (void)state;
    fault_init(&fault, &arena);
    assert_int_equal(wire_check(type, slice_of(bytes, sizeof(bytes) - 1), NULL, &fault), AM_EINVAL);
    assert_int_equal(fault.n_violations, 4);
    assert_string_equal(fault.violations[0].key, "text");
    assert_string_equal(fault.violations[1].key, "color");
    assert_string_equal(fault.violations[2].key, "inner.text");
    assert_string_equal(fault.violations[3].key, "left");
}

/* A message of nothing but violations costs no more than the first of them. */
static void stops_when_full(void **state)
{
    uint8_t bytes[4096];
    struct fault fault;
    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i += 2) {
        bytes[i] = 0x18; /* color: 99 */
        bytes[i + 1] = 99;
    }
    fault_init(&fault, &arena);
    assert_int_equal(wire_check(type, slice_of(bytes, sizeof(bytes)), NULL, &fault), AM_EINVAL);
    assert_int_equal(fault.n_violations, FAULT_ITEMS_MAX);
}

static void unpack_knows_the_quota(void **state)
{
    uint8_t bytes[2000];
    struct arena small;
    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i += 2) {
        bytes[i] = 0x5a; /* inners: {} */
        bytes[i + 1] = 0;
    }
    EXPECT_OK("\x5a\x00");
    arena_init(&small, 16 * 1024);
    assert_null(wire_unpack(type, slice_of(bytes, sizeof(bytes)), &small));
    arena_reset(&small);
    assert_non_null(wire_unpack(type, slice_of(bytes, 20), &small));
    arena_free(&small);
    assert_non_null(wire_unpack(type, slice_of(bytes, sizeof(bytes)), &arena));
}

static void pack_and_back(void **state)
{
    Amends__Test__EchoRequest r = AMENDS__TEST__ECHO_REQUEST__INIT;
    struct arena small;
    char text[] = "text";
    (void)state;
    struct slice none = wire_pack(&r.base, &arena);
    assert_non_null(none.data);
    assert_int_equal(none.len, 0);
    r.text = text;
    r.number = -1;
    struct slice bytes = wire_pack(&r.base, &arena);
    const Amends__Test__EchoRequest *back = (const void *)wire_unpack(type, bytes, &arena);
    assert_string_equal(back->text, "text");
    assert_int_equal(back->number, -1);
    arena_init(&small, 4);
    assert_null(wire_pack(&r.base, &small).data);
    arena_free(&small);
}

/* -- mutations --------------------------------------------------------------------------------- */

/* A message with something in every field; the constants are never written to. */
static struct slice seed_message(void)
{
    Amends__Test__EchoRequest r = AMENDS__TEST__ECHO_REQUEST__INIT;
    Amends__Test__Inner inner = AMENDS__TEST__INNER__INIT, empty = AMENDS__TEST__INNER__INIT;
    Amends__Test__Inner *inners[] = {&inner, &empty};
    Amends__Test__Deep deep = AMENDS__TEST__DEEP__INIT, deeper = AMENDS__TEST__DEEP__INIT;
    char word[] = "h\xc3\xa9llo", tag[] = "ab";
    char *tags[] = {tag, word};
    Amends__Test__Color colors[] = {1, 2, 0};
    int32_t numbers[] = {1, 300, -3};
    protobuf_c_boolean flags[] = {1, 0};
    double doubles[] = {1.0};
    uint32_t words[] = {1, 2};
    uint8_t bytes[] = {0, 1, 255};
    ProtobufCBinaryData blobs[] = {{2, bytes}, {3, bytes}};
    uint64_t unpacked[] = {1, 128};
    inner.text = word;
    inner.color = AMENDS__TEST__COLOR__COLOR_NEGATIVE;
    inner.n_tags = 2;
    inner.tags = tags;
    deep.inner = &deeper;
    deeper.text = word;
    r.text = word;
    r.number = -1;
    r.color = 2;
    r.n_tags = 2, r.tags = tags;
    r.n_colors = 3, r.colors = colors;
    r.n_numbers = 3, r.numbers = numbers;
    r.n_flags = 2, r.flags = flags;
    r.n_doubles = 1, r.doubles = doubles;
    r.n_words = 2, r.words = words;
    r.inner = &inner;
    r.n_inners = 2, r.inners = inners;
    r.deep = &deep;
    r.blob = blobs[1];
    r.choice_case = AMENDS__TEST__ECHO_REQUEST__CHOICE_RIGHT;
    r.right = &inner;
    r.zigzag = -5;
    r.flag = 1;
    r.n_blobs = 2, r.blobs = blobs;
    r.ratio = 1.5f;
    r.n_unpacked = 2, r.unpacked = unpacked;
    return wire_pack(&r.base, &arena);
}

static uint32_t draw(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static size_t mutate(uint8_t *bytes, size_t len, size_t room, uint32_t *rng)
{
    size_t at = draw(rng) % len;
    switch (draw(rng) % 6) {
    case 0:
        bytes[at] ^= (uint8_t)(1u << draw(rng) % 8);
        return len;
    case 1:
        bytes[at] = (uint8_t)draw(rng);
        return len;
    case 2:
        return at > 0 ? at : len;
    case 3:
        memmove(bytes + at, bytes + at + 1, len - at - 1);
        return len > 1 ? len - 1 : len;
    case 4:
        if (len == room)
            return len;
        memmove(bytes + at + 1, bytes + at, len - at);
        bytes[at] = (uint8_t)draw(rng);
        return len + 1;
    default: {
        /* A piece of the message, once more at its end. */
        size_t n = draw(rng) % (len - at) + 1;
        n = n < room - len ? n : room - len;
        memmove(bytes + len, bytes + at, n);
        return len + n;
    }
    }
}

static void strings_are_sound(const Amends__Test__EchoRequest *r)
{
    size_t total = strlen(r->text);
    for (size_t i = 0; i < r->n_tags; i++)
        total += strlen(r->tags[i]);
    assert_true(total < 1 << 20);
}

/* What passes the check unpacks, and packs again to something that passes. */
static void check_one(struct slice bytes, unsigned *sound)
{
    struct fault fault;
    fault_init(&fault, &arena);
    if (wire_check(type, bytes, NULL, &fault) < 0) {
        assert_true(fault.n_violations > 0);
        return;
    }
    ProtobufCMessage *message = wire_unpack(type, bytes, &arena);
    assert_non_null(message);
    strings_are_sound((const void *)message);
    struct slice again = wire_pack(message, &arena);
    assert_int_equal(wire_check(type, again, NULL, &fault), 0);
    (*sound)++;
}

static void mutations(void **state)
{
    uint32_t rng = 12345;
    unsigned sound = 0;
    (void)state;
    uint8_t seed[400];
    struct slice packed = seed_message();
    assert_in_range(packed.len, 100, sizeof(seed));
    memcpy(seed, packed.data, packed.len);
    const size_t seed_len = packed.len;
    check_one(packed, &sound);
    assert_int_equal(sound, 1);
    for (unsigned i = 0; i < 100000; i++) {
        uint8_t bytes[512];
        size_t len = seed_len;
        memcpy(bytes, seed, len);
        for (unsigned n = draw(&rng) % 4 + 1; n > 0; n--)
            len = mutate(bytes, len, sizeof(bytes), &rng);
        /* On the heap to the byte, so that reading past the end is seen. */
        uint8_t *exact = malloc(len);
        assert_non_null(exact);
        memcpy(exact, bytes, len);
        check_one(slice_of(exact, len), &sound);
        free(exact);
        arena_reset(&arena);
    }
    assert_true(sound > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(empty_is_sound, setup, teardown),
        cmocka_unit_test_setup_teardown(strings, setup, teardown),
        cmocka_unit_test_setup_teardown(enums, setup, teardown),
        cmocka_unit_test_setup_teardown(wire_types, setup, teardown),
        cmocka_unit_test_setup_teardown(malformed, setup, teardown),
        cmocka_unit_test_setup_teardown(unknown_fields_pass, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_items, setup, teardown),
        cmocka_unit_test_setup_teardown(too_deep, setup, teardown),
        cmocka_unit_test_setup_teardown(all_violations_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(stops_when_full, setup, teardown),
        cmocka_unit_test_setup_teardown(unpack_knows_the_quota, setup, teardown),
        cmocka_unit_test_setup_teardown(pack_and_back, setup, teardown),
        cmocka_unit_test_setup_teardown(mutations, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
