# SPDX-License-Identifier: Apache-2.0
"""The services that `./dev run` started, with the face of harness.cluster.Cluster that a World needs.

They are found by the environment: AMENDS_INTAKE, AMENDS_ASSIGNMENT, AMENDS_RESOLUTION (addresses), the
same with _ADMIN behind, AMENDS_TENANT, AMENDS_CLOCK_FILE. Everybody calls with a key of their own, NAME.key in the folder
AMENDS_KEYS, by TLS with the CA of AMENDS_TLS_CA."""

import os
import struct
from pathlib import Path

import grpc

from harness import api
from harness.cluster import SERVICES
from harness.credentials import bearer_of
from harness.process import http_status, wait_until

CLOCK_FORMAT = "=qQ"  # microseconds added to the database's time; how often they were changed
SETTLE_S = 60


class Running:
    """Three services, one replica each."""

    def __init__(self, environment=os.environ):
        self.tenant = environment["AMENDS_TENANT"]
        self._clock = environment["AMENDS_CLOCK_FILE"]
        self._admin = [environment[f"AMENDS_{kind.upper()}_ADMIN"] for kind in SERVICES]
        self._keys = Path(environment["AMENDS_KEYS"])
        tls = grpc.ssl_channel_credentials(Path(environment["AMENDS_TLS_CA"]).read_bytes())
        self._channels = {kind: api.channel(environment[f"AMENDS_{kind.upper()}"], tls) for kind in SERVICES}

    def replicas_of(self, kind):
        return [self._channels[kind]]

    def client(self, kind, *, tenant, principal, replica, metadata=()):
        key = bearer_of(self._keys / f"{principal}.key")
        return api.Client(self.replicas_of(kind)[replica], f"{kind.capitalize()}Service", tenant=tenant,
                          metadata=[key, *metadata])

    def advance(self, seconds):
        """Moves the clock of all services, on from where it stands, and waits for what became due."""
        self._move(seconds)
        self.settle()

    def settle(self):
        """Work in one service makes work in another, so all must say twice that nothing is left."""
        for _ in range(2):
            generation = self._move(0)
            for admin in self._admin:
                wait_until(lambda: self._settled(admin, generation), f"{admin} to settle", SETTLE_S)

    @staticmethod
    def _settled(admin, generation):
        return http_status(f"http://{admin}/settled?generation={generation}")[0] == 200

    def _move(self, seconds):
        with open(self._clock, "r+b", buffering=0) as file:
            offset_us, generation = struct.unpack(CLOCK_FORMAT, file.read(16))
            moved = struct.pack(CLOCK_FORMAT, offset_us + round(seconds * 1_000_000), generation + 1)
            os.pwrite(file.fileno(), moved, 0)
        return generation + 1
