# SPDX-License-Identifier: Apache-2.0
"""A mail that came back after its server had taken it: ReportBounce marks the delivery as dead, and counts."""

import pytest

from harness.api import v1
from harness.errors import refused

from .support import sample, telling

DELIVERED, DEAD = v1.DELIVERY_STATE_DELIVERED, v1.DELIVERY_STATE_DEAD


@pytest.fixture
def world(world):
    telling.apply(world)
    return world


def sent(world, kind=v1.DELIVERY_KIND_NOTIFICATION_MAIL, state=DELIVERED):
    """A notification of the desk, as if it was mailed: no server is there. Its Message-ID."""
    case = world.open(severity=3)
    world.advance(8 * sample.HOUR_S * 0.76)
    row, = world.cluster.sql("update delivery set kind = %s, state = %s, next_at = null where case_id = %s "
                             "returning notification_id", (kind, state, case.case_id))
    return f"<{row[0]}@company.example>"


def digest(world):
    """A mail with several notifications: its Message-ID."""
    row, = world.cluster.sql(
        "insert into delivery (tenant_id, delivery_id, kind, receiver, state, created_at, finished_at) "
        "select tenant_id, gen_random_uuid(), %s, 'steward', %s, clock_timestamp(), clock_timestamp() from tenant "
        "where name = %s returning delivery_id",
        (v1.DELIVERY_KIND_DIGEST_MAIL, DELIVERED, world.tenant))
    return f"{row[0]}@company.example"


def bounce(world, message_id, kind=v1.BOUNCE_KIND_HARD, **more):
    return world.principal("gateway").ReportBounce(message_id=message_id, kind=kind, **more)


def deliveries(world):
    return world.cluster.sql(
        "select d.kind, d.state, d.status, d.error from delivery d join tenant t using (tenant_id) where t.name = %s "
        "order by d.kind, d.delivery_id", (world.tenant,))


def test_the_delivery_is_dead_and_says_why(world):
    message_id = sent(world)
    told = bounce(world, message_id, code=550, text="5.1.1 no such user")
    assert (told.recipient, told.hard_bounces, told.repeated) == ("steward", 1, False)
    assert deliveries(world) == [(1, DEAD, 550, "bounced hard: 5.1.1 no such user")]


def test_a_report_may_be_repeated(world):
    message_id = sent(world)
    bounce(world, message_id, code=550, text="first")
    again = bounce(world, message_id.strip("<>"), v1.BOUNCE_KIND_SOFT, text="second")
    assert (again.recipient, again.hard_bounces, again.repeated) == ("steward", 1, True)
    assert deliveries(world) == [(1, DEAD, 550, "bounced hard: first")]


def test_a_mail_that_waits_to_be_repeated_is_not_sent_any_more(world):
    message_id = sent(world, state=v1.DELIVERY_STATE_WAITING)
    assert not bounce(world, message_id).repeated
    assert deliveries(world) == [(1, DEAD, 0, "bounced hard: ")]


def test_a_digest_and_what_was_gathered_for_one(world):
    assert not bounce(world, digest(world), v1.BOUNCE_KIND_SOFT, text="full").repeated
    assert not bounce(world, sent(world, v1.DELIVERY_KIND_DIGEST_MAIL)).repeated
    assert [row[:2] for row in deliveries(world)] == [(4, DEAD)] * 2


def test_hard_bounces_of_a_recipient_are_counted_for_thirty_days(world):
    assert bounce(world, sent(world)).hard_bounces == 1
    assert bounce(world, sent(world), v1.BOUNCE_KIND_SOFT).hard_bounces == 1
    assert bounce(world, sent(world)).hard_bounces == 2
    world.advance(31 * 24 * sample.HOUR_S)
    assert bounce(world, sent(world)).hard_bounces == 1


def test_what_fits_no_mail_is_refused(world, other_world):
    message_id = sent(world)
    for where, one in ((other_world, message_id), (world, "<CAF1@mail.example>"),
                       (world, "<0195b2c4-0000-7000-8000-000000000001@company.example>")):
        with refused("NOT_FOUND", "MAIL_NOT_FOUND"):
            bounce(where, one)
    assert [row[1] for row in deliveries(world)] == [DELIVERED]


@pytest.mark.parametrize("wrong", [{"message_id": ""}, {"kind": 0}, {"kind": 7}, {"code": 250}, {"code": 600},
                                   {"text": "x" * 501}, {"message_id": "<" + "x" * 300}])
def test_half_a_report_is_refused(world, wrong):
    good = {"message_id": "<0195b2c4-0000-7000-8000-000000000001@company.example>", "kind": v1.BOUNCE_KIND_HARD}
    with refused("INVALID_ARGUMENT") as caught:
        world.principal("gateway").ReportBounce(**good | wrong)
    assert [field for field, _ in caught.error.violations] == list(wrong)


# -- an address that fails ---------------------------------------------------------------------------------------------


def fails(world, times=3):
    """Mails of the desk of level 1 come back; the cases that they were about, and the Message-IDs."""
    message_ids = [sent(world) for _ in range(times)]
    for message_id in message_ids:
        bounce(world, message_id, code=550, text="5.1.1 no such user")
    return message_ids


def told(world, recipient):
    listed = world.crm.ListNotifications(recipient=recipient).notifications
    return [one for one in listed if one.kind == v1.NOTIFICATION_KIND_ADDRESS_FAILS]


def case_of(world, message_id):
    row, = world.cluster.sql("select case_id from delivery where notification_id = %s order by created_at limit 1",
                             (message_id.strip("<>").partition("@")[0],))
    return str(row[0])


def test_from_the_third_on_the_next_desk_is_told(world):
    message_ids = fails(world, 2)
    assert not told(world, "steward-lead")
    message_ids += fails(world, 1)
    one, = told(world, "steward-lead")
    assert (one.about, one.cause, one.ask) == ("steward", v1.NOTIFICATION_CAUSE_BOUNCED,
                                               v1.NOTIFICATION_ASK_CORRECT_ADDRESS)
    assert one.case_id == case_of(world, message_ids[2])
    assert one.event_sequence > 0 and one.level == 1 and not one.urgent
    rows = world.cluster.sql("select kind, receiver from delivery where notification_id = %s", (one.notification_id,))
    assert rows == [(v1.DELIVERY_KIND_NOTIFICATION_MAIL, "steward-lead")]
    fails(world, 1)
    assert len(told(world, "steward-lead")) == 2  # of another case, of which nobody was told


def test_a_repeated_report_tells_nobody_twice(world):
    message_ids = fails(world)
    assert bounce(world, message_ids[2]).repeated
    assert len(told(world, "steward-lead")) == 1


def test_of_an_agent_the_first_desk_is_told(world):
    fails(world, 2)
    message_id = sent(world)
    world.cluster.sql("update delivery set receiver = 'ann' where receiver = 'steward' and case_id in "
                      "(select case_id from recovery_case c join tenant t using (tenant_id) where t.name = %s)",
                      (world.tenant,))
    assert bounce(world, message_id).hard_bounces == 3
    one, = told(world, "steward")
    assert one.about == "ann"


def test_a_digest_is_about_the_newest_case(world):
    fails(world, 2)
    case = world.open(severity=3)
    world.advance(8 * sample.HOUR_S * 0.76)
    assert bounce(world, digest(world)).hard_bounces == 3
    one, = told(world, "steward-lead")
    assert one.case_id == case.case_id


def test_at_the_top_no_mail_goes_to_the_address_that_fails(world):
    fails(world, 2)
    message_id = sent(world)
    world.cluster.sql("update delivery set receiver = 'steward-executive' where receiver = 'steward' and case_id in "
                      "(select case_id from recovery_case c join tenant t using (tenant_id) where t.name = %s)",
                      (world.tenant,))
    bounce(world, message_id)
    one, = told(world, "steward-executive")
    assert not world.cluster.sql("select 1 from delivery where notification_id = %s", (one.notification_id,))
