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
