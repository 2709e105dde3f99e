# SPDX-License-Identifier: Apache-2.0
"""A case that is worked on in every way there is, and whose personal data is erased at any time."""

from harness.api import v1
from harness.errors import Error

from . import sample, steps

WORD = "quexalot"


def claim(customer, **of):
    return sample.claim(order=f"o {WORD}", description=WORD, customer_id=customer, customer_name=f"Jo {WORD}",
                        customer_contact=f"jo@{WORD}.example", **of)


class Life:
    """The steps of a case's life, one after the other. `replica`: the one that erases and verifies; None = any."""

    def __init__(self, world, replica=None):
        self.world, self.replica, self.customer = world, replica, sample.unique("customer")
        self.case = world.crm.OpenCase(**claim(self.customer)).case
        self.ann = world.agent(sample.unique("ann"), present=False,
                               authorities=[(v1.REMEDY_KIND_REFUND, sample.usd(500))])
        self.bob = world.agent(sample.unique("bob"), present=False)

    def erase(self):
        self.world.crm.on("privacy", "EraseCustomer", self.replica)(
            customer_id=self.customer, reason="letter", include_open=True)

    def verify(self):
        return self.world.crm.on("intake", "VerifyCaseHistory", self.replica)(case_id=self.case.case_id)

    def steps(self):
        of = {"case_id": self.case.case_id}
        ann, world, case = self.ann, self.world, self.case

        def version():
            return {"expected_version": world.get(case).version}

        def later(seconds):
            return sample.timestamp(sample.seconds(world.get(case).update_time) + seconds)

        def word_of_customer(**more):
            self.bob.RecordContact(**of, direction=v1.CONTACT_DIRECTION_INBOUND, channel=v1.CHANNEL_EMAIL, note=WORD, **more)

        yield ann.take
        yield lambda: steps.reach(ann, case, note=WORD)
        yield lambda: steps.say(ann, case, note=WORD)
        yield lambda: ann.RecordRootCause(**of, code="process.handover", note=WORD)
        yield lambda: setattr(self, "remedy", steps.propose(ann, case, description=WORD))
        yield lambda: setattr(self, "unanswered", steps.propose(ann, case, amount=sample.usd(7), description=WORD))
        yield lambda: steps.answer(ann, case, self.remedy)
        yield lambda: steps.deny(ann, case, reason=WORD)
        yield lambda: setattr(self, "promise", ann.MakePromise(
            **of, kind=v1.PROMISE_KIND_CALL_BACK, description=WORD, promise_time=later(3600)))
        yield lambda: setattr(self, "promise_2", ann.SettlePromise(
            **of, promise_id=self.promise.promise_id, outcome=v1.PROMISE_OUTCOME_RENEGOTIATED, note=WORD,
            promise_time=later(7200), customer_consented=True))
        yield word_of_customer
        yield lambda: ann.PauseCase(**of, reason=v1.PAUSE_REASON_CUSTOMER_ASKED, note=WORD, **version())
        yield lambda: ann.ResumeCase(**of)
        yield lambda: ann.RetargetClock(
            **of, clock_id=world.clock(case, v1.CLOCK_KIND_RESOLUTION).clock_id, due_time=later(30 * 3600),
            reason=WORD, **version())
        yield lambda: steps.deny(ann, case, reason=WORD + " again")
        yield lambda: ann.EscalateCase(**of, reason=WORD)
        yield lambda: world.crm.OpenCase(**claim(self.customer))
        yield lambda: steps.report(ann, case, self.remedy)
        yield self.settle_promise
        yield lambda: steps.reach(ann, case, note=WORD)
        yield lambda: steps.resolve(ann, case)
        yield lambda: ann.RecordCustomerResponse(**of, remedy_id=self.unanswered.remedy_id,
                                                 answer=v1.CUSTOMER_ANSWER_ACCEPTED, note=WORD)
        yield word_of_customer
        yield lambda: steps.reach(ann, case, note=WORD)
        yield lambda: steps.resolve(ann, case)
        yield lambda: steps.close(ann, case)
        yield lambda: word_of_customer(asks=v1.CONTACT_ASK_ANSWER)
        yield lambda: ann.ReopenCase(**of, reason=WORD, **version())

    def settle_promise(self):
        promise = next(one for one in self.world.get(self.case).promises if one.state == v1.PROMISE_STATE_OPEN)
        self.ann.SettlePromise(case_id=self.case.case_id, promise_id=promise.promise_id,
                               outcome=v1.PROMISE_OUTCOME_KEPT, note=WORD)


def run(life, erase_after=()):
    """Does all steps, and erases before those of these numbers; what is refused, is. The case is verified after each.
    The numbers of the steps, or why they were refused, and what the verifications found."""
    done, problems = [], []
    for number, step in enumerate(life.steps()):
        if number in erase_after:
            life.erase()
        try:
            step()
            done.append(number)
        except Error as error:
            done.append(f"{number}: {error.reason or error}")
        proof = life.verify()
        if not proof.intact:
            problems.append((number, proof.problem))
    return done, problems
