# SPDX-License-Identifier: Apache-2.0
"""WatchWork: an agent's offers, cases, notifications and presence: how things stand, a mark, then every change."""

import json
import subprocess
import threading
import time

import grpc
import pytest

from harness import paths
from harness.api import v1
from harness.errors import refused

from .support import sample, steps
from .support.redis import both_ways
from .support.world import new_tenant

pytestmark = both_ways


def name(kind, number):
    return getattr(v1, kind).Name(number)


class Work:
    """A WatchWork of one agent, read in the background; `with` ends it."""

    def __init__(self, agent, replica=None, token=""):
        self._stream = agent.on("work", "WatchWork", replica)(timeout_s=120, resume_token=token, heartbeat_seconds=5)
        self._news = threading.Condition()
        self.messages, self.snapshot, self.error, self.token = [], None, None, token
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        try:
            for message in self._stream:
                with self._news:
                    self.token = message.resume_token
                    if message.change:
                        self.messages.append(message)
                    if message.snapshot_complete:
                        self.snapshot = list(self.messages)
                    self._news.notify_all()
        except grpc.RpcError as call:
            with self._news:
                self.error = call
                self._news.notify_all()

    def wait(self, condition, seconds=15.0):
        deadline = time.monotonic() + seconds
        with self._news:
            while not condition(self):
                left = deadline - time.monotonic()
                assert self.error is None, f"the stream ended: {self.error}"
                assert left > 0, f"not within {seconds:g} s; the stream has {self.seen()}"
                self._news.wait(left)
        return self

    def ready(self):
        return self.wait(lambda one: one.snapshot is not None)

    def of(self, change):
        number = v1.WorkChange.Value(f"WORK_CHANGE_{change}")
        return [one for one in list(self.messages) if one.change == number]

    def until(self, change, condition=lambda one: True):
        """The first message of that change for which the condition holds."""
        self.wait(lambda work: any(condition(one) for one in work.of(change)))
        return next(one for one in self.of(change) if condition(one))

    def seen(self):
        return [name("WorkChange", one.change) for one in list(self.messages)]

    def end(self):
        self._stream.cancel()
        self._thread.join(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def test_the_snapshot_tells_how_things_stand(world):
    ann = world.agent("ann")
    mine = world.open()
    ann.accept(mine)
    offered = world.open()
    with Work(ann).ready() as work:
        assert sorted(work.seen()) == ["WORK_CHANGE_CASE_CAME", "WORK_CHANGE_OFFER", "WORK_CHANGE_PRESENCE"]
        came = work.of("CASE_CAME")[0]
        assert (came.case.case_id, came.case.reference) == (mine.case_id, mine.reference)
        assert came.case.next_due.kind == v1.CLOCK_KIND_FIRST_RESPONSE
        assert came.next_action == v1.NEXT_ACTION_CONTACT_CUSTOMER
        offer = work.of("OFFER")[0]
        assert offer.offer.offer_id == world.pending(offered).offer_id
        assert offer.case.case_id == offered.case_id and offer.next_action == v1.NEXT_ACTION_ANSWER_OFFER
        assert work.of("PRESENCE")[0].presence.presence == v1.PRESENCE_AVAILABLE


@pytest.mark.parametrize("replica", [0, 1])
def test_every_change_is_told(world, replica):
    ann, bob = world.agent("ann"), world.agent("bob", present=False)
    with Work(ann, replica).ready() as work:
        case = world.open()
        offered = work.until("OFFER")
        ann.AcceptOffer(case_id=case.case_id, offer_id=offered.offer.offer_id)
        assert work.until("CASE_CAME").case.case_id == case.case_id
        assert work.until("OFFER", lambda one: one.offer.state == v1.OFFER_STATE_ACCEPTED)
        # The customer writes: a notification says so and what it asks for, and what is due changes.
        bob.RecordContact(case_id=case.case_id, direction=v1.CONTACT_DIRECTION_INBOUND, channel=v1.CHANNEL_EMAIL,
                          note="Where are you?")
        told = work.until("NOTIFICATION", lambda one: one.notification.kind == v1.NOTIFICATION_KIND_CUSTOMER_WROTE)
        assert (told.notification.case_id, told.notification.recipient) == (case.case_id, "ann")
        assert told.notification.ask == v1.NOTIFICATION_ASK_ANSWER
        # Presence set by somebody else.
        world.crm.SetPresence(agent_id="ann", presence=v1.PRESENCE_AWAY)
        assert work.until("PRESENCE", lambda one: one.presence.presence == v1.PRESENCE_AWAY)


def test_whom_a_notification_is_about_is_told(world):
    ann, bob = world.agent("ann"), world.agent("bob", present=False)
    case = world.open()
    ann.accept(case)
    bob.RecordContact(case_id=case.case_id, direction=v1.CONTACT_DIRECTION_INBOUND, channel=v1.CHANNEL_EMAIL, note="Hello?")
    world.cluster.sql("update notification set about = 'steward' where case_id = %s and recipient = 'ann'", (case.case_id,))
    with Work(ann) as work:
        assert work.until("NOTIFICATION").notification.about == "steward"


def test_a_breach_is_told(world):
    ann = world.agent("ann")
    case = world.open()
    ann.accept(case)
    with Work(ann).ready() as work:
        world.cluster.clock.advance(9 * 3600)
        breach = work.until("NOTIFICATION", lambda one: one.notification.cause == v1.NOTIFICATION_CAUSE_BREACH)
        assert breach.notification.case_id == case.case_id and breach.notification.urgent
        changed = work.until("CASE_CHANGED")
        assert changed.case.case_id == case.case_id
        assert sample.seconds(changed.case.next_due.due_time) < sample.seconds(changed.server_time), "it stays due"


def test_a_case_that_is_taken_over_leaves_with_its_reason(world):
    ann = world.agent("ann")
    case = world.open()
    ann.accept(case)
    with Work(ann).ready() as work:
        ann.EscalateCase(case_id=case.case_id, to_level=4, reason="For the board.")
        left = work.until("CASE_LEFT")
        assert left.case.case_id == case.case_id
        assert (left.case.owner.kind, left.case.level) == (v1.OWNER_KIND_STEWARD, 4)
        told = work.until("NOTIFICATION", lambda one: one.notification.kind == v1.NOTIFICATION_KIND_TAKEN_AWAY)
        assert told.notification.cause == v1.NOTIFICATION_CAUSE_TAKEN_OVER


def test_presence_that_the_system_changed_is_told(world):
    ann = world.agent("ann")
    with Work(ann).ready() as work:
        world.open()
        for _ in range(4):
            world.advance(130)
        away = work.until("PRESENCE", lambda one: one.presence.presence == v1.PRESENCE_AWAY)
        assert away.presence.presence_cause == v1.PRESENCE_CAUSE_OFFERS_UNANSWERED


def test_a_case_that_ends_leaves(world):
    ann = world.agent("ann", authorities=[(v1.REMEDY_KIND_REFUND, sample.usd(500))])
    case = world.open()
    ann.accept(case)
    with Work(ann).ready() as work:
        steps.recover(ann, world.get(case))
        steps.resolve(ann, case)
        steps.close(ann, case)
        ended = work.until("CASE_ENDED")
        assert (ended.case.case_id, ended.case.status) == (case.case_id, v1.CASE_STATUS_CLOSED)


def test_a_stream_goes_on_where_the_last_one_ended(world):
    ann = world.agent("ann", capacity=10)
    kept, left = world.open(), world.open()
    ann.accept(kept)
    ann.accept(left)
    with Work(ann, 0).ready() as work:
        token = work.token
        assert len(work.of("CASE_CAME")) == 2
    came = world.open()
    with Work(ann, 1, token).ready() as work:
        assert [one.case.case_id for one in work.of("OFFER")] == [came.case_id]
        assert not work.of("CASE_CAME") and not work.of("CASE_CHANGED") and not work.of("PRESENCE")


def test_a_killed_server_costs_no_news(world):
    ann = world.agent("ann", capacity=10)
    with Work(ann, 0).ready() as work:
        token = work.token
        world.cluster.restart(world.cluster.replicas_of("assignment")[0])
    case = world.open()
    with Work(ann, 0, token).ready() as work:
        assert work.until("OFFER").offer.case_id == case.case_id


def test_tokens_are_the_agents_own(world):
    ann, bob = world.agent("ann"), world.agent("bob")
    with Work(ann).ready() as work:
        token = work.token
    for agent, wrong in ((bob, "x"), (bob, "w1-00"), (bob, token[:-1])):
        with refused("INVALID_ARGUMENT") as caught:
            next(agent.WatchWork(resume_token=wrong, timeout_s=20))
        assert caught.error.fields == ["resume_token"]
    with refused("INVALID_ARGUMENT") as caught:
        next(ann.WatchWork(heartbeat_seconds=1, timeout_s=20))
    assert caught.error.fields == ["heartbeat_seconds"]
    with refused("PERMISSION_DENIED", "NOT_AN_AGENT"):
        next(world.crm.WatchWork(timeout_s=20))


def test_another_tenants_agent_sees_nothing(world):
    world.agent("ann")
    other = new_tenant(world.cluster, sample.unique("other"))
    stranger = other.agent("ann")
    world.open()
    with Work(stranger).ready() as work:
        assert work.seen() == ["WORK_CHANGE_PRESENCE"]


def test_the_stream_counts_as_the_agents_stream(world):
    ann = world.agent("ann")
    with Work(ann).ready():
        world.cluster.clock.advance(300)
        world.settle()
        assert ann.GetAgent(agent_id="ann").agent.presence == v1.PRESENCE_AVAILABLE


def test_amendsctl_watches_work(world):
    ann = world.agent("ann")
    case = world.open()
    ann.accept(case)
    addresses = [f"--{kind}={world.cluster.replica(kind).address}" for kind in ("intake", "assignment", "resolution")]
    done = subprocess.run([paths.program("amendsctl"), *addresses, "--tenant", world.tenant, "--as", "ann", "--json",
                           "--timeout-ms", "4000", "work", "watch"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(one) for one in done.stdout.splitlines()]
    assert [one["case"]["caseId"] for one in lines if one.get("change") == "WORK_CHANGE_CASE_CAME"] == [case.case_id]
    assert any(one.get("snapshotComplete") for one in lines)
