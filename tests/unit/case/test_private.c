/* SPDX-License-Identifier: Apache-2.0 */

/* What is shown of personal data, and that every text of a case's messages was thought of. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "amends/v1/case.pb-c.h"
#include "amends/v1/event.pb-c.h"
#include "case/message/private.h"

static struct arena arena;

static void assert_name(const char *name, const char *masked)
{
    assert_string_equal(private_mask_name(name, &arena), masked);
}

static void assert_contact(const char *contact, const char *masked)
{
    assert_string_equal(private_mask_contact(contact, &arena), masked);
}

static void names_become_initials(void **state)
{
    (void)state;
    assert_name("", "");
    assert_name("Jo Doe", "J. D.");
    assert_name("  Jo \t van  Doe  ", "J. v. D.");
    assert_name("Ana Maria de la Cruz", "A. M. d.");
    assert_name("Zoë Ångström", "Z. Å.");
    assert_name("Élodie", "É.");
    assert_name("山田 太郎", "山. 太.");
    for (const char *const *shortest = (const char *const[]){"J", "Jo", "Ann", "李明", " ", NULL};
         *shortest; shortest++)
        assert_name(*shortest, "***");
}

static void contacts_keep_their_form(void **state)
{
    (void)state;
    assert_contact("", "");
    assert_contact("jane.doe@example.com", "j***@e***.com");
    assert_contact("jo@ex.org", "***@***.org");
    assert_contact("@example.com", "***@***");
    assert_contact("jane@localhost", "***@***");
    assert_contact("übermut@müller.example", "ü***@m***.example");
    assert_contact("+49 30 1234567", "+49 *** 67");
    assert_contact("+1 (555) 0100-77", "+1 *** 77");
    assert_contact("030 / 12 34 56 78", "*** 78");
    assert_contact("+1 555 01", "***");
    assert_contact("@jane", "***@***");
    assert_contact("jane_on_social", "***");
    assert_contact("12 High Street, Springfield", "***");
}

/* -- messages ---------------------------------------------------------------------------------- */

static void a_case_is_masked_as_a_whole(void **state)
{
    Amends__V1__Case c = AMENDS__V1__CASE__INIT;
    Amends__V1__Failure failure = AMENDS__V1__FAILURE__INIT;
    Amends__V1__ContactAttempt contact = AMENDS__V1__CONTACT_ATTEMPT__INIT,
                               *contacts[] = {&contact};
    char name[] = "Jo Doe", words[] = "It broke.", note[] = "called", id[] = "c-1";
    (void)state;
    c.customer_name = name;
    c.customer_id = id;
    c.failure = &failure;
    c.contacts = contacts;
    c.n_contacts = 1;
    failure.description = words;
    contact.note = note;
    assert_int_equal(private_fields(&c.base), PRIVATE_CONTACT | PRIVATE_WORDS);
    assert_true(private_mask(&c.base, PRIVATE_CONTACT, &arena));
    assert_string_equal(c.customer_name, "J. D.");
    assert_string_equal(failure.description, "It broke.");
    assert_true(c.masked);
    assert_true(private_mask(&c.base, PRIVATE_WORDS, &arena));
    assert_string_equal(failure.description, "");
    assert_string_equal(contact.note, "");
    assert_true(contact.masked);
    assert_string_equal(c.customer_id, "c-1");
    assert_int_equal(private_fields(&c.base), PRIVATE_CONTACT);
}

static void an_event_hides_its_personal_part(void **state)
{
    Amends__V1__CaseEvent e = AMENDS__V1__CASE_EVENT__INIT;
    Amends__V1__EventPrivate personal = AMENDS__V1__EVENT_PRIVATE__INIT;
    char text[] = "words", name[] = "Jo Doe";
    (void)state;
    assert_int_equal(private_fields(&e.base), 0);
    e.personal = &personal;
    personal.text = text;
    personal.customer_name = name;
    assert_int_equal(private_fields(&e.base), PRIVATE_CONTACT | PRIVATE_WORDS);
    assert_true(private_mask(&e.base, PRIVATE_CONTACT | PRIVATE_WORDS, &arena));
    assert_string_equal(personal.text, "");
    assert_string_equal(personal.customer_name, "J. D.");
    assert_true(e.masked);
}

/* -- every text -------------------------------------------------------------------------------- */

/* Ids, codes and references that mean something in the caller's systems only, and what tells of
 * staff, money or the policy. */
static const char *const plain[] = {
    "case_id",
    "customer_id",
    "language",
    "customer_tier",
    "time_zone",
    "customer_time_zone",
    "earlier_case_id",
    "reference",
    "acknowledger",
    "code",
    "product",
    "external_reference",
    "reporter",
    "clock_id",
    "subject_id",
    "name",
    "calendar",
    "contact_id",
    "act_id",
    "actor",
    "remedy_id",
    "proposer",
    "fulfilment_reference",
    "promise_id",
    "maker",
    "settler",
    "successor_id",
    "offer_id",
    "agent_id",
    "principal",
    "id",
    "currency_code",
    "erasure_id",
    "via",
};

static bool is_plain(const char *name)
{
    for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
        if (strcmp(plain[i], name) == 0)
            return true;
    return false;
}

/* The detail of an event is public: what it holds is stripped of words before. */
static void look_into(const ProtobufCMessageDescriptor *m, int depth)
{
    for (unsigned i = 0; i < m->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &m->fields[i];
        if (f->type == PROTOBUF_C_TYPE_STRING && !private_kind(m, f->name) && !is_plain(f->name))
            fail_msg("%s.%s: is it personal? See case/message/private.c, or add it to plain[]",
                     m->name, f->name);
        if (f->type == PROTOBUF_C_TYPE_MESSAGE && depth < 4 &&
            f->descriptor != &amends__v1__event_detail__descriptor)
            look_into(f->descriptor, depth + 1);
    }
}

static void every_text_was_thought_of(void **state)
{
    (void)state;
    look_into(&amends__v1__case__descriptor, 0);
    look_into(&amends__v1__case_event__descriptor, 0);
}

static int begin(void **state)
{
    (void)state;
    arena_init(&arena, 64 << 10);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_become_initials),
        cmocka_unit_test(contacts_keep_their_form),
        cmocka_unit_test(a_case_is_masked_as_a_whole),
        cmocka_unit_test(an_event_hides_its_personal_part),
        cmocka_unit_test(every_text_was_thought_of),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
