# SPDX-License-Identifier: Apache-2.0
"""Callers that do not stop when something breaks: they repeat with the same request id.

Their channels are their own and outlive the services. Load is bounded by a number of cases and a
pause between two, so that a slow machine sees the same load for longer.
"""

import contextlib
import random
import threading
import time

import grpc
import psycopg2

from harness import api
from harness.api import v1
from harness.cluster import SERVICES
from harness.errors import Error
from harness.process import Failed, wait_until
from scenario.support import sample

TENANT = "demo"
OPENERS = 3
CASES_OF_OPENER = 60
PAUSE_S = 0.03
CALL_S = 2.0
BACK_OFF_S = 0.05
# A caller that hears "repeat" for this long has met a defect, not a fault.
PATIENCE_S = 30.0
REPEATED = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
CODES = ("billing.overcharge", "delivery.lost", "product.defective", "access.no_answer")  # severity 3
FIRST_RESPONSE_S, RESOLUTION_S = 8 * sample.HOUR_S, 3 * sample.DAY_S

# Those at work from the start have too little room for all; those who come after the fault have
# plenty, on levels that serve what climbed meanwhile.
EARLY = {"ann": (1, 20), "bob": (1, 20), "cid": (4, 10)}
LATE = {"dee": (4, 150), "eve": (3, 150)}
# Never answers: its offers fill it, expire and come back.
SILENT = {"fay": (1, 3)}
CAPACITY = {name: of[1] for group in (EARLY, LATE, SILENT) for name, of in group.items()}

LOADS = """select owner_id, count(*) from (
    select owner_id from recovery_case where owner_kind = 2 and status in (2, 5)
    union all select agent_id from offer where state = 1) taken group by owner_id"""


class Load:
    """`with Load(cluster) as load:` starts it; `finish` ends it when every call was answered."""

    def __init__(self, cluster, addresses=None):
        self.cluster = cluster
        direct = {kind: [one.address for one in cluster.replicas_of(kind)] for kind in SERVICES}
        self._channels = {kind: [api.channel(address) for address in of]
                          for kind, of in {**direct, **(addresses or {})}.items()}
        self._threads = []
        self._over = threading.Event()
        self._enough = threading.Event()
        self.opened = []  # (request, case id), as acknowledged
        self.accepted = {}  # case id: agent
        self.contacted = {}  # case id: contact id
        self.answered = []  # (kind, method, principal, request) of each call with a request id
        self.repeats = []  # (method, reason) of each call that was made again
        self.overload = []  # (agent, load) above its capacity
        self.problems = []
        self._streams = set()

    # --- calls ---

    def client(self, kind, principal, replica):
        channels = self._channels[kind]
        return api.Client(channels[replica % len(channels)], f"{kind.capitalize()}Service",
                          tenant=TENANT, principal=principal)

    def insist(self, kind, method, principal="crm", replica=None, /, timeout_s=CALL_S, **fields):
        """One call, made until it was answered, at the replicas in turn (or always at `replica`)."""
        turn = random.randrange(2) if replica is None else replica
        request = getattr(self.client(kind, principal, turn), method).build(**fields)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                response = getattr(self.client(kind, principal, turn), method)(request, timeout_s=timeout_s)
                if "request_id" in request.DESCRIPTOR.fields_by_name:
                    self.answered.append((kind, method, principal, request))
                return request, response
            except Error as error:
                if error.code not in REPEATED:
                    raise
                assert time.monotonic() < deadline, f"{method} was not answered: {error}"
                self.repeats.append((method, error.reason or error.code.name))
                time.sleep(BACK_OFF_S)
                turn += replica is None

    # --- callers ---

    def _open_cases(self):
        for _ in range(CASES_OF_OPENER):
            if self._enough.is_set():
                return
            request, response = self.insist("intake", "OpenCase",
                                            **sample.claim(random.choice(CODES)))
            self.opened.append((request, response.case.case_id))
            time.sleep(PAUSE_S)

    def _serve(self, agent):
        """An agent's app: says that it is at work, watches, accepts what it is offered."""
        turn = random.randrange(2)
        while not self._over.is_set():
            turn += 1
            self.insist("assignment", "SetPresence", agent_id=agent, presence=v1.PRESENCE_AVAILABLE)
            stream = self.client("assignment", agent, turn).WatchOffers(timeout_s=120)
            self._streams.add(stream)
            try:
                for message in stream:
                    if message.offer.state == v1.OFFER_STATE_PENDING:
                        self._answer(agent, message.offer)
            except grpc.RpcError:
                self._over.wait(BACK_OFF_S)
            self._streams.discard(stream)

    def _answer(self, agent, offer):
        try:
            self.insist("assignment", "AcceptOffer", agent, case_id=offer.case_id,
                        offer_id=offer.offer_id)
        except Error as error:
            # Time moved on before the answer came.
            if error.reason != "OFFER_STATE":
                raise
            return
        self.accepted[offer.case_id] = agent
        if len(self.accepted) % 2:
            _, response = self.insist("resolution", "RecordContact", agent, case_id=offer.case_id,
                                      direction=v1.CONTACT_DIRECTION_OUTBOUND,
                                      channel=v1.CHANNEL_PHONE, outcome=v1.CONTACT_OUTCOME_REACHED)
            self.contacted[offer.case_id] = response.case.contacts[0].contact_id

    def _watch_capacity(self):
        while not self._over.wait(0.1):
            with contextlib.suppress(psycopg2.Error):
                for agent, load in self.cluster.sql(LOADS):
                    if load > CAPACITY[agent]:
                        self.overload.append((agent, load))

    # --- life ---

    def _run(self, work, *arguments):
        def guarded():
            try:
                work(*arguments)
            except Exception as problem:  # shown by finish(), in the thread that can fail the test
                self.problems.append(problem)

        thread = threading.Thread(target=guarded, daemon=True)
        thread.start()
        self._threads.append(thread)
        return thread

    def put(self, agents):
        for name, (level, capacity) in agents.items():
            self.insist("assignment", "PutAgent",
                        agent=sample.agent(name, level=level, capacity=capacity))

    def __enter__(self):
        self.put({**EARLY, **LATE, **SILENT})
        for name in SILENT:
            self.insist("assignment", "SetPresence", agent_id=name, presence=v1.PRESENCE_AVAILABLE)
        for name in EARLY:
            self._run(self._serve, name)
        self._openers = [self._run(self._open_cases) for _ in range(OPENERS)]
        self._run(self._watch_capacity)
        return self

    def more(self, cases, seconds=PATIENCE_S):
        """Waits until so many more were acknowledged, or no more will be."""
        goal = len(self.opened) + cases
        wait_until(lambda: len(self.opened) >= goal or self.problems
                   or not any(one.is_alive() for one in self._openers),
                   f"{cases} more cases", seconds)
        assert not self.problems, self.problems
        return self

    def finish(self):
        """The fault is over: the others come to work, every call gets its answer."""
        self._enough.set()
        for name in LATE:
            self._run(self._serve, name)
        for opener in self._openers:
            opener.join(PATIENCE_S)
            assert not opener.is_alive(), "a caller still waits for an answer"
        try:
            wait_until(lambda: self.problems or not self._waiting(), "every case to reach somebody", 20)
        except Failed as failure:
            raise Failed(f"{failure}; presence and load of each: {self._agents()}; they wait:\n"
                         + "\n".join(map(str, self._who_waits()))) from None
        assert not self.problems, self.problems
        return self

    def _waiting(self):
        return self.cluster.sql(
            "select count(*) from recovery_case c where status = 1 and owner_kind = 1 and not exists"
            " (select 1 from offer o where o.tenant_id = c.tenant_id and o.case_id = c.case_id"
            " and o.state = 1)")[0][0]

    def _who_waits(self):
        return self.cluster.sql(
            "select c.case_id::text, c.level, c.assignment_generation, q.queue_level, q.generation, o.offers"
            " from recovery_case c left join case_work q using (tenant_id, case_id),"
            " lateral (select array_agg((o.agent_id, o.state, o.generation, o.created_at::text,"
            " o.decided_at::text)::text) offers from offer o where o.case_id = c.case_id) o"
            " where c.status = 1 and c.owner_kind = 1 limit 5")

    def _agents(self):
        loads = dict(self.cluster.sql(LOADS))
        presence = self.cluster.sql("select agent_id, presence from agent order by 1")
        return {name: (v1.Presence.Name(number), loads.get(name, 0)) for name, number in presence}

    def end(self):
        """Everybody goes home; calls under way are answered first."""
        self._enough.set()
        self._over.set()
        while any(one.is_alive() for one in self._threads):
            for stream in list(self._streams):
                stream.cancel()
            alive = next((one for one in self._threads if one.is_alive()), None)
            if alive:
                alive.join(0.1)
        assert not self.problems, self.problems

    def __exit__(self, kind, error, trace):
        self._enough.set()
        self._over.set()
        for stream in list(self._streams):
            stream.cancel()
        for channels in self._channels.values():
            for channel in channels:
                channel.close()


def recovery_seconds(load):
    """How long from now until a write succeeds at each replica of each service; the longest."""
    started = time.monotonic()
    case_id = load.opened[0][1]
    calls = {
        "intake": ("OpenCase", "crm", sample.claim),
        "assignment": ("SetPresence", "crm",
                       lambda: {"agent_id": "fay", "presence": v1.PRESENCE_AVAILABLE}),
        "resolution": ("RecordAct", "fay",
                       lambda: {"case_id": case_id, "kind": v1.ACT_KIND_APOLOGY, "note": "Sorry."}),
    }
    seconds = {}

    def probe(kind, replica):
        method, principal, fields = calls[kind]
        request, response = load.insist(kind, method, principal, replica, timeout_s=0.5, **fields())
        seconds[f"{kind}-{replica}"] = time.monotonic() - started
        if kind == "intake":
            load.opened.append((request, response.case.case_id))

    threads = [threading.Thread(target=probe, args=(kind, replica), daemon=True)
               for kind in SERVICES for replica in range(len(load.cluster.replicas_of(kind)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    if len(seconds) < len(threads):
        raise Failed(f"only these answered: {seconds}")
    return max(seconds.values())
