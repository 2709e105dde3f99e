# SPDX-License-Identifier: Apache-2.0
"""API keys for tests: made beside the services, as an operator does who has none yet."""

import itertools
import subprocess
from pathlib import Path

from harness import api, paths
from harness.cluster import SERVED_BY

_numbers = itertools.count(1)


def amends(*words, check=True):
    """Runs the program `amends`; what it did."""
    return subprocess.run([paths.program("amends"), *words], capture_output=True, text=True, check=check, timeout=60)


def new_key(cluster, roles="admin", *, principal="admin", tenant="demo"):
    """A new key of the cluster's database."""
    file = Path(cluster.folder) / f"key-{next(_numbers)}"
    amends("key", "create", "--pg", cluster.postgres.conninfo(cluster.name), "--tenant", tenant,
           "--principal", principal, "--roles", roles, "--out", file)
    return file.read_text().strip()


def calls(cluster, key, kind, replica=0, metadata=()):
    """The service as whoever has the key sees it."""
    channel = cluster.replica(SERVED_BY.get(kind, kind), replica).channel
    return api.Client(channel, f"{kind.capitalize()}Service", metadata=[api.bearer(key), *metadata])


def key_id(key):
    return key.split("_")[1]
