# SPDX-License-Identifier: Apache-2.0
"""One tenant of a cluster, and the principals who call. Calls go to the replicas in turn, so that
every scenario runs through all of them."""

import itertools

from harness.api import message, v1
from harness.cluster import SERVED_BY, SERVICES, migrate

from . import sample

KINDS = (*SERVICES, *SERVED_BY)


def service(kind):
    """The descriptor of "intake", "assignment", "resolution" or "policy"."""
    pool = message("amends.v1.Case").DESCRIPTOR.file.pool
    return pool.FindServiceByName(f"amends.v1.{kind.capitalize()}Service")


def _service_of(method):
    for kind in KINDS:
        if method in service(kind).methods_by_name:
            return kind
    raise AttributeError(f"no service has {method}")


class Principal:
    """Somebody who calls: principal.OpenCase(...). `id` is the principal's name; `behalf` is for whom they call."""

    def __init__(self, world, name, behalf=None):
        self.world, self.id, self.behalf = world, name, behalf

    def __getattr__(self, method):
        if method.startswith("_"):
            raise AttributeError(method)
        return self.on(_service_of(method), method)

    def on(self, kind, method, replica=None):
        """The method at one replica; without a number at the next one."""
        return getattr(self.world.client(kind, self.id, replica, self.behalf), method)

    def behalf_of(self, behalf):
        """The same caller for somebody else: "agent:ann", "customer:email"."""
        return Principal(self.world, self.id, behalf)

    def accept(self, case):
        """Accepts this principal's pending offer of the case; the case afterwards."""
        offer = self.world.pending(case)
        assert offer is not None, "the case is not offered to anybody"
        return self.AcceptOffer(case_id=case.case_id, offer_id=offer.offer_id).case

    def take(self):
        """Asks for the next case and becomes its owner; the case."""
        return self.RequestAssignment().case


class World:
    """A tenant. `crm` is a client application."""

    def __init__(self, cluster, tenant):
        self.cluster, self.tenant = cluster, tenant
        self._turns = {kind: itertools.count() for kind in KINDS}
        self.crm = Principal(self, "crm")

    def client(self, kind, principal, replica=None, behalf=None):
        turn = next(self._turns[kind]) if replica is None else replica
        count = len(self.cluster.replicas_of(kind))
        return self.cluster.client(kind, tenant=self.tenant, principal=principal, replica=turn % count,
                                   metadata=[("amends-on-behalf-of", behalf)] if behalf else ())

    def principal(self, name):
        return Principal(self, name)

    def agent(self, name, *, present=True, **of):
        """Puts an agent who is at work, unless `present` is False. See sample.agent."""
        self.crm.PutAgent(agent=sample.agent(name, **of))
        if present:
            self.crm.SetPresence(agent_id=name, presence=v1.PRESENCE_AVAILABLE)
        return Principal(self, name)

    # --- cases ---

    def open(self, *arguments, **of):
        """Opens a case and waits until it was offered, if there is somebody to offer it to."""
        opened = self.crm.OpenCase(**sample.claim(*arguments, **of)).case
        self.settle()
        return self.get(opened)

    def get(self, case):
        return self.crm.GetCase(case_id=case.case_id).case

    def pending(self, case):
        """The pending offer of the case as it is now, or None."""
        return next((one for one in self.get(case).offers if one.state == v1.OFFER_STATE_PENDING), None)

    def clock(self, case, kind):
        """The newest clock of that kind, as it is now."""
        clocks = [one for one in self.get(case).clocks if one.kind == kind]
        return max(clocks, key=lambda one: sample.seconds(one.start_time))

    def history(self, case):
        """All events, through as many pages as there are."""
        events, token = [], ""
        while True:
            page = self.crm.GetCaseHistory(case_id=case.case_id, page_token=token)
            events += page.events
            token = page.next_page_token
            if not token:
                return events

    def kinds(self, case):
        """The kinds of all events, without their prefix."""
        return [v1.EventKind.Name(one.kind).removeprefix("EVENT_KIND_") for one in self.history(case)]

    def verify(self, case):
        return self.crm.VerifyCaseHistory(case_id=case.case_id)

    # --- time ---

    def settle(self):
        self.cluster.settle()

    def advance(self, seconds):
        self.cluster.advance(seconds)


def new_tenant(cluster, name):
    """A tenant made while the services run."""
    migrate(cluster.postgres, cluster.name, name)
    return World(cluster, name)
