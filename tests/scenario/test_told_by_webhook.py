# SPDX-License-Identifier: Apache-2.0
"""Notifications by webhook: what comes, to which webhook, and what becomes of one that nobody has made."""

import pytest

from harness.api import v1
from harness.process import wait_until

from .support.policy import apply
from .support.receiver import Receiver
from .support.world import World

NETWORKS = ("--webhook-networks", "127.0.0.0/8")


@pytest.fixture
def world(make_cluster):
    return World(make_cluster(options=NETWORKS), "demo")


@pytest.fixture
def receiver():
    with Receiver() as one:
        yield one


def put(world, receiver, name, **fields):
    """A webhook that gets no events."""
    hooks = world.cluster.webhooks(tenant=world.tenant, principal="root")
    return hooks.PutWebhook(webhook_id=name, url=receiver.url, filter={"customer_ids": ["nobody"]}, **fields)


NOTIFY = """amends: 2
notify:
  webhook: pager
  link: https://crm.example.com/{tenant}/case/{reference}
  channels:
    - {urgent: yes, by: [webhook]}
"""


def escalate(world):
    """A case of ann's, which bob moves up the ladder."""
    ann, bob = world.agent("ann", present=False), world.agent("bob", present=False)
    world.open(customer_id="c-1", customer_name="Ada Lovelace", description="My name is Ada and I am angry.")
    case = ann.take()
    bob.EscalateCase(case_id=case.case_id, reason="Ada Lovelace told the press.")
    return world.crm.GetCase(case_id=case.case_id).case, ann


def test_a_notification_comes_to_the_webhook_that_policy_names(world, receiver):
    apply(world, NOTIFY)
    with Receiver() as all_of_them, Receiver() as other:
        put(world, other, "other")
        put(world, all_of_them, "all", notifications=True)
        secret = put(world, receiver, "pager").secret
        case, ann = escalate(world)
        wait_until(lambda: receiver.taken() and all_of_them.taken(), "the notification")
        world.settle()
        told = {one.notification_id: one for one in ann.ListNotifications().notifications if one.urgent}
        came = [one for one in receiver.taken() if one.event["data"]["notification"]["recipient"] == "ann"]
        assert {one.id for one in came} == set(told) and told
        assert {one.id for one in all_of_them.taken()} >= set(told) and not other.got
        for one in came:
            wanted = told[one.id]
            data = one.event["data"]
            notification = data["notification"]
            assert one.signed_by(secret) and one.event["type"] == "amends.v1.NOTIFICATION"
            assert one.event["subject"] == notification["caseId"] == case.case_id
            assert notification["kind"] == v1.NotificationKind.Name(wanted.kind)
            assert notification["cause"] == v1.NotificationCause.Name(wanted.cause)
            assert notification["ask"] == v1.NotificationAsk.Name(wanted.ask)
            assert notification["level"] == wanted.level and notification["urgent"]
            assert data["caseReference"] == case.reference
            assert data["link"] == f"https://crm.example.com/demo/case/{case.reference}"
            assert b"Ada" not in one.body


def test_a_disabled_webhook_gets_no_rows(world, receiver):
    apply(world, NOTIFY)
    with Receiver() as off:
        put(world, off, "off", notifications=True, disabled=True)
        put(world, receiver, "pager")
        escalate(world)
        wait_until(receiver.taken, "the notification")
        world.settle()
        put(world, off, "off", notifications=True)
        world.settle()
        assert not off.got
    assert not world.cluster.sql("select 1 from delivery where receiver = 'webhook/off'")


def test_what_is_sent_follows_from_the_kind_of_the_row(world, receiver):
    apply(world, NOTIFY)
    put(world, receiver, "pager")
    escalate(world)
    wait_until(receiver.taken, "the notification")
    world.settle()
    [first, *_] = receiver.taken()
    receiver.got.clear()
    world.cluster.sql("update delivery set seq = 1, state = 1, attempts = 0, finished_at = null, next_at = created_at"
                      " where receiver = 'webhook/pager' and notification_id = %s", (first.id,))
    wait_until(receiver.taken, "the notification again")
    [again] = receiver.taken()
    assert (again.event["type"], again.id) == ("amends.v1.NOTIFICATION", first.id)
    assert not again.out_of_order


def test_a_notification_waits_for_a_webhook_that_nobody_has_made(world, receiver):
    apply(world, NOTIFY)
    _, ann = escalate(world)
    told = {one.notification_id for one in ann.ListNotifications().notifications if one.urgent}
    wait_until(lambda: world.cluster.sql("select 1 from delivery where receiver = 'pager' and error like %s",
                                         ("%no webhook%",)), "the first attempt")
    put(world, receiver, "pager")
    for _ in range(5):
        world.cluster.advance(120)
    assert {one.id for one in receiver.taken()} >= told and told
