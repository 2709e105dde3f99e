# SPDX-License-Identifier: Apache-2.0
"""People read what they were told, take notice of it, and see no more than is theirs."""

import concurrent.futures
import contextlib
import uuid

import pytest

from harness.api import v1
from harness.cluster import Cluster
from harness.errors import refused

from .support import sample, steps
from .support.ctl import ask, ctl  # pylint: disable=unused-import
from .support.keys import calls, new_key

HOUR_S, DAY_S = sample.HOUR_S, sample.DAY_S


def named(*notifications):
    return [v1.NotificationName(case_id=one.case_id, notification_id=one.notification_id) for one in notifications]


def told(principal, **filters):
    """All that the caller is shown, through as many pages as there are."""
    found, token = [], ""
    while True:
        page = principal.ListNotifications(page_token=token, **filters)
        found += page.notifications
        token = page.next_page_token
        if not token:
            return found


@contextlib.contextmanager
def wrong(*fields):
    with refused("INVALID_ARGUMENT") as caught:
        yield
    assert sorted(caught.error.fields) == sorted(fields)


def said(notification):
    return (v1.NotificationKind.Name(notification.kind).removeprefix("NOTIFICATION_KIND_"),
            v1.NotificationCause.Name(notification.cause).removeprefix("NOTIFICATION_CAUSE_"),
            v1.NotificationAsk.Name(notification.ask).removeprefix("NOTIFICATION_ASK_"))


def write(agent, case):
    return agent.RecordContact(case_id=case.case_id, direction=v1.CONTACT_DIRECTION_INBOUND,
                               channel=v1.CHANNEL_EMAIL).case


def test_a_silent_case_tells_its_owner_and_the_desks(world):
    ann = world.agent("ann", present=False)
    case = world.open()
    case = ann.take()
    world.advance(6 * HOUR_S + 60)  # 75 % of the first response
    [warning] = told(ann)
    assert said(warning) == ("THRESHOLD", "WARNING", "MEET_DEADLINE")
    assert (warning.recipient, warning.threshold, warning.level, warning.urgent) == ("ann", 75, 1, False)
    assert warning.case_id == case.case_id and warning.clock_id
    event = next(one for one in world.history(case) if one.sequence == warning.event_sequence)
    assert event.kind == v1.EVENT_KIND_CLOCK_THRESHOLD
    world.advance(2 * HOUR_S)
    breach = told(ann)[0]
    assert said(breach) == ("ESCALATION", "BREACH", "ACT_NOW") and breach.urgent
    [climbed] = told(ann, recipient="steward-lead")
    assert said(climbed) == ("ESCALATION", "BREACH", "ACKNOWLEDGE")
    assert (climbed.level, climbed.clock_id, climbed.threshold) == (2, breach.clock_id, 100)
    everybody = told(ann, case_id=case.case_id)
    assert sorted(one.recipient for one in everybody) == ["ann", "ann", "steward-lead"]


def test_an_owner_whose_case_was_taken_over_learns_of_it(world):
    ann = world.agent("ann", present=False)
    bob = world.agent("bob", present=False)
    case = world.open()
    case = ann.take()
    bob.EscalateCase(case_id=case.case_id, to_level=4, reason="The press asks.")
    assert world.get(case).owner.id == "steward-executive"
    [taken] = told(ann)
    assert said(taken) == ("TAKEN_AWAY", "TAKEN_OVER", "NOTHING") and taken.urgent
    [given] = told(bob, recipient="steward-executive")
    assert said(given) == ("ESCALATION", "HAND", "ACKNOWLEDGE")


def test_an_owner_whose_customer_wrote_learns_of_it(world):
    ann = world.agent("ann", present=False)
    bob = world.agent("bob", present=False)
    world.open()
    case = ann.take()
    write(bob, case)
    assert [said(one) for one in told(ann)] == [("CUSTOMER_WROTE", "CONTACT", "ANSWER")]
    bob.RecordContact(case_id=case.case_id, direction=v1.CONTACT_DIRECTION_INBOUND, channel=v1.CHANNEL_EMAIL,
                      asks=v1.CONTACT_ASK_NOTHING)
    assert len(told(ann)) == 1, "thanks ask for nothing"


def test_a_notification_is_acknowledged_once(world):
    ann = world.agent("ann", present=False)
    bob = world.agent("bob", present=False)
    world.open()
    case = ann.take()
    for _ in range(3):
        write(bob, case)
        world.advance(60)
    third, second, first = told(ann)
    done = ann.AcknowledgeNotification(notifications=named(second, second)).notifications
    assert [one.acknowledger for one in done] == ["ann", "ann"]
    assert [one.notification_id for one in told(ann)] == [
        third.notification_id, first.notification_id, second.notification_id], "what nobody acknowledged comes first"
    world.advance(60)
    again = ann.AcknowledgeNotification(notifications=named(first, second)).notifications
    assert again[1] == done[0], "the first one counts"
    assert again[0].acknowledge_time.seconds > again[1].acknowledge_time.seconds
    assert [one.notification_id for one in told(ann, filter=v1.NOTIFICATION_FILTER_UNACKNOWLEDGED)] == [
        third.notification_id]
    assert [one.notification_id for one in told(ann, filter=v1.NOTIFICATION_FILTER_ACKNOWLEDGED)] == [
        second.notification_id, first.notification_id]
    assert world.verify(case).intact


def test_many_take_notice_at_the_same_time(world):
    """Calls about the same ones in any order: each is acknowledged once, and no call fails."""
    ann = world.agent("ann", present=False)
    bob = world.agent("bob", present=False)
    world.open()
    case = ann.take()
    for _ in range(10):
        write(bob, case)
    all_of_it = named(*told(ann))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(
            lambda i: ann.AcknowledgeNotification(notifications=all_of_it[::1 if i % 2 else -1]).notifications,
            range(40)))
    times = {one.notification_id: one.acknowledge_time.nanos for one in answers[0]}
    assert all({one.notification_id: one.acknowledge_time.nanos for one in each} == times for each in answers)
    assert told(ann, filter=v1.NOTIFICATION_FILTER_UNACKNOWLEDGED) == []


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_pages_show_everything_once_in_order(world, size):
    ann = world.agent("ann", present=False)
    bob = world.agent("bob", present=False)
    world.open()
    case = ann.take()
    for _ in range(7):
        write(bob, case)
    whole = told(ann)
    ann.AcknowledgeNotification(notifications=named(whole[1], whole[3], whole[4]))
    order = [whole[i].notification_id for i in (0, 2, 5, 6, 1, 3, 4)]
    for filters in ({}, {"recipient": "ann"}, {"case_id": case.case_id}):
        assert [one.notification_id for one in told(ann, page_size=size, **filters)] == order, filters


def test_a_token_belongs_to_its_list(world):
    ann = world.agent("ann", present=False)
    bob = world.agent("bob", present=False)
    world.open()
    case = ann.take()
    for _ in range(3):
        write(bob, case)
    token = ann.ListNotifications(page_size=1).next_page_token
    for other in ({"recipient": "steward"}, {"case_id": case.case_id},
                  {"filter": v1.NOTIFICATION_FILTER_UNACKNOWLEDGED}):
        with wrong("page_token"):
            ann.ListNotifications(page_token=token, **other)
    with wrong("page_token"):
        ann.ListNotifications(page_token="AAAA" + token[4:])
    with wrong("recipient"):
        ann.ListNotifications(recipient="ann", case_id=case.case_id)


def test_what_is_asked_wrongly_is_told_completely(world):
    ann = world.agent("ann", present=False)
    with wrong("notifications"):
        ann.AcknowledgeNotification()
    with wrong("notifications"):
        ann.AcknowledgeNotification(notifications=[v1.NotificationName()] * 101)
    with wrong("notifications[0].case_id", "notifications[1].notification_id"):
        ann.AcknowledgeNotification(notifications=[
            v1.NotificationName(case_id="x", notification_id=str(uuid.uuid4())),
            v1.NotificationName(case_id=str(uuid.uuid4()))])
    with refused("NOT_FOUND", "NOTIFICATION_NOT_FOUND"):
        ann.AcknowledgeNotification(notifications=[
            v1.NotificationName(case_id=str(uuid.uuid4()), notification_id=str(uuid.uuid4()))])


def test_whose_they_are(make_cluster):
    """An agent sees and acknowledges the agent's own and those of a desk; a supervisor those of everybody."""
    cluster = make_cluster(auth="required")
    crm = new_key(cluster, "client,gateway", principal="crm")
    keys = {who: new_key(cluster, roles, principal=who)
            for who, roles in (("ann", "agent"), ("bob", "agent"), ("boss", "supervisor"), ("eve", "agent"))}
    notes = {who: calls(cluster, key, "notification") for who, key in keys.items()}
    assignment = calls(cluster, crm, "assignment")
    for who in ("ann", "bob"):
        assignment.PutAgent(agent=sample.agent(who))
    calls(cluster, crm, "intake").OpenCase(**sample.claim())
    case = calls(cluster, keys["ann"], "assignment").RequestAssignment().case
    for _ in range(2):
        write(calls(cluster, keys["bob"], "resolution"), case)
    calls(cluster, keys["bob"], "assignment").EscalateCase(case_id=case.case_id, reason="It takes too long.")
    mine, [desks] = told(notes["ann"]), told(notes["bob"], recipient="steward-lead")
    assert len(mine) == 3
    with refused("PERMISSION_DENIED", "NOT_YOUR_NOTIFICATION") as caught:
        notes["bob"].ListNotifications(recipient="ann")
    assert caught.error.metadata["recipient"] == "ann"
    assert told(notes["boss"], recipient="ann") == mine
    assert told(calls(cluster, crm, "notification"), recipient="ann") == mine
    with refused("PERMISSION_DENIED", "NOT_YOUR_NOTIFICATION"):
        notes["bob"].AcknowledgeNotification(notifications=named(desks, mine[0]))
    assert not told(notes["bob"], recipient="steward-lead")[0].acknowledger, "none of them, or all"
    with refused("PERMISSION_DENIED", "NOT_YOUR_NOTIFICATION"):
        notes["eve"].AcknowledgeNotification(notifications=named(desks))  # who is registered nowhere is no agent
    assert notes["bob"].AcknowledgeNotification(notifications=named(desks)).notifications[0].acknowledger == "bob"
    assert notes["boss"].AcknowledgeNotification(
        notifications=named(mine[0])).notifications[0].acknowledger == "boss"
    assert notes["ann"].AcknowledgeNotification(
        notifications=named(mine[1])).notifications[0].acknowledger == "ann"


def test_a_row_of_the_last_release_is_shown_and_acknowledged(world):
    """It has no more than that release wrote."""
    ann = world.agent("ann", present=False)
    case = world.open()
    clock = world.clock(case, v1.CLOCK_KIND_RESOLUTION)
    world.cluster.sql(
        "insert into notification (tenant_id, case_id, notification_id, recipient, kind, template, state, attempts,"
        " created_at, clock_id, instance, threshold) select tenant_id, case_id, gen_random_uuid(), 'ann', 1,"
        " 'escalation', 1, 0, opened_at, %s, 1, 100 from recovery_case where case_id = %s",
        (clock.clock_id, case.case_id))
    [old] = told(ann)
    assert said(old) == ("ESCALATION", "UNSPECIFIED", "UNSPECIFIED")
    assert (old.urgent, old.level, old.event_sequence, old.threshold) == (True, 0, 0, 100)
    assert ann.AcknowledgeNotification(notifications=named(old)).notifications[0].acknowledger == "ann"


def test_the_command_line(world, ctl, ask):
    ann = world.agent("ann", present=False)
    bob = world.agent("bob", present=False)
    world.open()
    case = ann.take()
    write(bob, case)
    [one] = told(ann)
    shown = ctl("notification", "list", who="ann").stdout
    assert one.notification_id in shown and "CUSTOMER_WROTE" in shown and "ANSWER" in shown
    done = ask("notification", "ack", "--notifications", f"{case.case_id}:{one.notification_id}", who="ann")
    assert done["notifications"][0]["acknowledger"] == "ann"
    assert told(ann, filter=v1.NOTIFICATION_FILTER_UNACKNOWLEDGED) == []
