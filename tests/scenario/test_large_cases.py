# SPDX-License-Identifier: Apache-2.0
"""Cases of the largest legal size: they hold up nobody, whatever is done with them and however many there are."""

from harness.api import v1
from harness.process import wait_until

from .support import full, policy, sample
from .support.world import service


def late(world):
    """How many clocks of the tenant are due and were not fired yet."""
    return world.cluster.sql(
        "select count(*) from clock c join tenant t using (tenant_id) where t.name = %s"
        " and c.next_at <= clock_timestamp() + %s * interval '1 microsecond'",
        (world.tenant, world.cluster.clock.offset_us))[0][0]


def pass_time(world, cases):
    """Moves time until a clock of each case is due, without waiting for what became due."""
    due = max(min(sample.seconds(clock.next_time) for clock in case.clocks) for case in cases)
    now = world.cluster.sql("select extract(epoch from clock_timestamp())::float8")[0][0]
    world.cluster.clock.advance(due + 1 - now - world.cluster.clock.offset_us / 1e6)


def assert_nobody_is_held_up(world, cases, other_world):
    """Clocks of small cases of another tenant fall due with those of `cases`: all are fired soon, none is refused."""
    small = [other_world.open() for _ in range(60)]
    pass_time(world, [*cases, *small])
    wait_until(lambda: late(other_world) == 0, "the small cases' clocks are fired")
    wait_until(lambda: late(world) == 0, "the large cases' clocks are fired")
    world.settle()
    for replica in world.cluster.replicas_of("assignment"):
        assert "own_command_failed" not in replica.tail(lines=100_000)


def test_long_texts_do_not_stop_the_clocks(world, other_world):
    cases = [world.open() for _ in range(100)]
    full.add_signals(world, cases)
    assert_nobody_is_held_up(world, cases, other_world)


def test_the_fullest_cases_do_not_stop_the_clocks_of_others(world, other_world):
    cases = [world.open() for _ in range(30)]
    full.add_everything(world, cases)
    world.advance(60)
    assert_nobody_is_held_up(world, cases, other_world)


class Life:
    """One case of the largest size through every call that writes; `done` are the methods called."""

    def __init__(self, world):
        self.world, self.done = world, set()
        self.ann = world.agent("ann", level=4, present=False)
        self.claim = sample.claim()
        self.case = world.crm.OpenCase(**self.claim).case
        world.settle()
        full.add_everything(world, [self.case], spare=3)

    def call(self, who, method, **fields):
        response = getattr(who, method)(**fields)
        self.done.add(method)
        if hasattr(response, "case") and response.HasField("case"):
            self.case = response.case
        return response

    def do(self, method, *, versioned=False, **fields):
        if versioned:
            fields["expected_version"] = self.case.version
        return self.call(self.ann, method, case_id=self.case.case_id, **fields)

    def offered(self, who):
        """An offer of the case to that agent, who is available from now on."""
        self.call(who, "SetPresence", presence=v1.PRESENCE_AVAILABLE)
        self.world.settle()
        self.do("RecordAct", kind=v1.ACT_KIND_APOLOGY, note="We are sorry.")
        return next(one for one in self.case.offers if one.state == v1.OFFER_STATE_PENDING)

    def find_an_owner(self):
        self.call(self.world.crm, "OpenCase", **{**self.claim, "request_id": ""})
        first = self.offered(self.ann)
        self.call(self.ann, "SetPresence", presence=v1.PRESENCE_AWAY)
        self.do("DeclineOffer", offer_id=first.offer_id)
        bob = self.world.agent("bob", level=4, present=False)
        self.call(bob, "AcceptOffer", case_id=self.case.case_id, offer_id=self.offered(bob).offer_id)

    def work(self):
        later = sample.timestamp(sample.seconds(self.case.update_time) + sample.DAY_S)
        self.do("RecordContact", direction=v1.CONTACT_DIRECTION_OUTBOUND, channel=v1.CHANNEL_PHONE,
                outcome=v1.CONTACT_OUTCOME_REACHED, note="x" * 4000)
        letter = next(one for one in self.case.contacts if one.direction == v1.CONTACT_DIRECTION_INBOUND)
        self.do("CorrectContact", contact_id=letter.contact_id, asks=v1.CONTACT_ASK_NOTHING)
        self.do("RecordRootCause", code="process.handover")
        made = self.do("MakePromise", kind=v1.PROMISE_KIND_ANSWER, promise_time=later, description="An answer.")
        self.do("SettlePromise", promise_id=made.promise_id, outcome=v1.PROMISE_OUTCOME_KEPT)
        clock = self.world.clock(self.case, v1.CLOCK_KIND_RESOLUTION)
        self.do("RetargetClock", versioned=True, clock_id=clock.clock_id, due_time=later, reason="They are away.")
        self.do("PauseCase", versioned=True, reason=v1.PAUSE_REASON_AWAITING_CUSTOMER)
        self.do("ResumeCase")
        self.do("EscalateCase", reason="The customer asks for it.")
        self.do("AcknowledgeEscalation")
        remedy = self.do("ProposeRemedy", kind=v1.REMEDY_KIND_GIFT).remedy
        self.do("RecordCustomerResponse", remedy_id=remedy.remedy_id, answer=v1.CUSTOMER_ANSWER_ACCEPTED)
        self.do("ReportFulfilment", remedy_id=remedy.remedy_id, outcome=v1.FULFILMENT_OUTCOME_FULFILLED,
                external_reference="GIFT-1")

    def migrate(self):
        policy.apply(self.world, policy.edit(policy.current(self.world).source, 1))
        moved = self.call(self.world.crm, "MigrateCases")
        assert (moved.cases, moved.failed) == (1, 0)
        self.do("RecordAct", kind=v1.ACT_KIND_THANKS, note="Thank you for waiting.")

    def end(self):
        self.do("DenyClaim", versioned=True, reason="It was two years old.", disclosure_channel=v1.CHANNEL_LETTER,
                disclosure_time=self.case.update_time)
        self.do("ResolveCase", versioned=True)
        self.do("CloseCase", versioned=True)
        self.do("ReopenCase", versioned=True, reason="It broke again.")


# They write no case, or only cases of their own.
ELSEWHERE = {"PutAgent", "RequestAssignment"}


def test_every_call_that_writes_can_be_made_on_the_fullest_case(world):
    life = Life(world)
    life.find_an_owner()
    life.work()
    life.migrate()
    life.end()
    world.advance(30 * sample.DAY_S)
    writes = {method.name for kind in ("intake", "assignment", "resolution") for method in service(kind).methods
              if "request_id" in method.input_type.fields_by_name}
    assert writes - life.done <= ELSEWHERE
    # No event shows what was written by SQL.
    assert {one.kind for one in world.verify(life.case).findings} == {v1.HISTORY_FINDING_KIND_ROW_UNKNOWN}
