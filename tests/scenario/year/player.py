# SPDX-License-Identifier: Apache-2.0
"""Plays random lives of cases on the services and on the model, from stop to stop of the clock."""

import dataclasses
import random
import time

from scenario.support import sample

from . import compare, lives
from .acts import Acts
from .calendars import DAY, HOUR, MINUTE, SECOND
from .case import Case
from .names import Channel, Event, Owner, Status
from .records import Records, stamp

# What has come by a stop is done by then; nothing may come while people act at it.
MARGIN = 2 * SECOND
BY_A_CLOCK = (Event.CLOCK_BREACHED, Event.CLOCK_THRESHOLD, Event.CLOCK_CHANGED, Event.CASE_RESUMED,
              Event.CASE_CLOSED, Event.CASE_RETURNED)
ZONES = ("", "", "", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata",
         "Pacific/Apia")


def leads_to(life, clock, at, group):
    """Whether firing the clock makes the case what the events say."""
    twin = dataclasses.replace(life, case=life.case.twin())
    twin.case.look(clock, at)
    try:
        compare.events(twin, group)
    except compare.Difference:
        return False
    return True


def offer_of(case, offer_id):
    return next(one for one in case.view.offers if one.id == offer_id)


class Player:
    def __init__(self, world, policy, people, *, seed, cases, days):
        self.world, self.policy, self.dice = world, policy, random.Random(seed)
        self.records = Records(world.cluster, world.tenant)
        self.acts = Acts(world, people, self.dice)
        self.lives, self.by_id = [], {}
        self.begin = self.now()
        self.end = self.begin + days * DAY
        span = int(days * DAY * 0.9)
        self.openings = sorted(self.begin + self.dice.randrange(span) for _ in range(cases))
        self.stops = self.done = self.fired = 0
        self.pushed = False  # a case was opened that may be offered to somebody

    def now(self):
        """The services' clock, within milliseconds."""
        return time.time_ns() // 1000 + self.world.cluster.clock.offset_us

    def play(self):
        while self.now() < self.end:
            self.advance(self.next_stop())
            self.ask_for_work()  # one act a case and stop, so that each can be held against the model
            for life in self.lives:
                self.act(life)
            self.open_cases()
            self.settle_if_due()
        self.end_of_play()

    # --- time ---

    def live(self):
        return [life for life in self.lives if life.case.view.status != Status.CLOSED]

    def next_stop(self):
        """Often not past the second instant of any case, so that each is fired on its own; now and then
        far past it: everything was down."""
        now = self.now()
        down = self.dice.random() < 0.02
        stop = now + (self.dice.randint(DAY, 4 * DAY) if down else self.dice.randint(HOUR, 16 * HOUR))
        for life in self.live() if self.dice.random() < 0.5 and not down else ():
            times = sorted(one for one in (clock.next_at for clock in life.case.clocks) if one)
            if len(times) > 1 and times[1] - MINUTE < stop:
                stop = max(times[1] - MINUTE, times[0] + MARGIN, now + MARGIN)
        return self._clear(stop)

    def _clear(self, stop):
        """Moved on until nothing comes at it or right behind it."""
        times = sorted(one for one in (life.case.next_at for life in self.live()) if one)
        for one in times:
            if stop - MARGIN <= one <= stop + 5 * SECOND:
                stop = one + 2 * MARGIN
        return stop

    def advance(self, stop):
        self.world.advance(max(stop - self.now(), SECOND) / SECOND)
        self.stops += 1
        self.absorb()
        now = self.now()
        for life in self.live():
            at = life.case.next_at
            if at is not None and at < now - MARGIN:
                compare.differ(life, "what was due", "nothing came", compare.clock_time(at))

    def settle_if_due(self):
        """What people did may have started clocks that are due already, or waits for an agent."""
        now = self.now()
        due = any(at is not None and at <= now for at in (life.case.next_at for life in self.live()))
        if due or self.pushed:
            self.world.settle()
        self.absorb()

    # --- what the services did by themselves ---

    def absorb(self):
        lives_now = {life.case_id: life.seen for life in self.lives}
        groups = {}
        for event in self.records.news(lives_now) if lives_now else ():
            groups.setdefault((event.at, event.case_id), []).append(event)
        for (at, case_id), group in sorted(groups.items(), key=lambda one: one[0]):
            self.follow(self.by_id[case_id], at, group)
        self.pushed = False

    def follow(self, life, at, group):
        """The events of one instant: of one command, nearly always."""
        life.seen = group[-1].seq
        if at not in life.acted_at:
            self.by_the_system(life, at, group)
        life.case.story.append((at, " ".join(f"{one.seq}:{Event.word(one.kind)}" for one in group)))
        self.same_instant(life, at, group)
        compare.events(life, group)

    def same_instant(self, life, at, group):
        """Time on a case never goes back: of two processes that are a little apart, the timer of one may
        follow an act at the other at the very same instant."""
        while life.case.next_at is not None and life.case.next_at <= at:
            try:
                compare.events(life, group)
                return
            except compare.Difference:
                self.fire(life, at, group)

    def by_the_system(self, life, at, group):
        case, first = life.case, group[0]
        offer = first.detail.offer
        if first.kind == Event.OFFER_MADE:
            case.offer(offer.offer_id, offer.agent_id, stamp(offer.expire_time), at)
            life.next_act = at + self.dice.randint(MINUTE, 3 * HOUR)
        elif first.kind == Event.OFFER_EXPIRED:
            case.expire(offer_of(case, offer.offer_id), at)
        elif first.kind in BY_A_CLOCK:
            self.fire(life, at, group)
        else:
            compare.differ(life, f"event {first.seq}", Event.word(first.kind), "nothing of the kind")

    def fire(self, life, at, group):
        """The timer of one clock. When several have come, whose timer is first is up to the services: of
        those that the events show, one that leads to what they show."""
        due = [one for one in life.case.clocks if one.next_at is not None and one.next_at <= at]
        if not due:
            compare.differ(life, "what fell due", compare.clock_time(at), "nothing")
        self.fired += 1
        shown = {compare.shown_key(one) for event in group for one in event.detail.clocks}
        due.sort(key=lambda one: (one.key not in shown, one.next_at))
        first = next((one for one in due if len(due) > 1 and leads_to(life, one, at, group)), due[0])
        life.case.look(first, at)

    # --- what people do ---

    def open_cases(self):
        while self.openings and self.openings[0] <= self.now():
            self.openings.pop(0)
            self.open_one()

    def open_one(self):
        dice = self.dice
        pace = lives.pick(dice, lives.PACE_ODDS)
        channel = Channel[dice.choice(("PHONE", "EMAIL", "SOCIAL", "WEB"))]
        fields = sample.claim(
            dice.choice(("billing", "delivery", "conduct")), severity=dice.randint(1, 5),
            channel=channel, customer_time_zone=dice.choice(ZONES),
            customer_tier=dice.choice(("", "gold", "silver", "?")), language="tlh" if pace == "silent" else "")
        opened = self.world.crm.OpenCase(**fields).case
        at = stamp(opened.open_time)
        case = Case.opened(self.policy, at, severity=fields["severity"], channel=channel,
                           tier=fields["customer_tier"], zone=fields["customer_time_zone"])
        life = lives.Life(case, opened.case_id, pace, fields, left=dice.randint(4, 45))
        self._done(life, at, f"opened, {pace}")
        self.lives.append(life)
        self.by_id[life.case_id] = life
        self.pushed = True

    def _done(self, life, at, what):
        life.case.story.append((at, what))
        life.acted_at.add(at)
        life.left -= 1
        life.pace = life.pace if life.left > 0 else "silent"
        wait = lives.wait(self.dice, life.pace)
        life.next_act = at + wait if wait else None
        self.done += 1

    def ask_for_work(self):
        waiting = sum(1 for life in self.live() if life.case.view.owner_kind == Owner.STEWARD and life.pace != "silent")
        for _ in range(self.dice.randint(0, min(waiting, 3))):
            got = self.acts.ask_for_work(self.by_id.__getitem__)
            if got:
                life, at, who = got
                self._done(life, at, f"{who} asked for work")

    def is_loud(self, life):
        """At the top of the ladder, where its clock goes round until somebody takes notice."""
        view = life.case.view
        return view.live and view.level == len(self.policy.levels) and view.acknowledged_at is None

    def act(self, life):
        now = self.now()
        if life.next_act is None and self.is_loud(life):
            life.next_act = now + self.dice.randint(HOUR, 7 * DAY)
        if life.next_act is None or life.next_act > now:
            return
        due = life.case.next_at
        if due is not None and due <= now + MARGIN:
            return  # first things first: at the next stop
        what = lives.pick(self.dice, lives.odds(life.case, life, now))
        if life.pace == "silent":
            what = "acknowledge" if self.is_loud(life) else "leave"
        try:
            at = self.acts.do(what, life, now)
        except Exception as problem:
            compare.differ(life, f"{what} at {compare.clock_time(now)}", f"no: {problem}", "yes")
        if at is None:
            life.next_act = life.next_act and now + HOUR
        else:
            self._done(life, at, what)

    def end_of_play(self):
        self.world.settle()
        self.absorb()
