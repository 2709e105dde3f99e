# SPDX-License-Identifier: Apache-2.0
"""Runs Amends against a real PostgreSQL and Redis, for tests and for `./dev run`.

`cluster.Cluster` is the front door: replicas of the three services on private ports, a database made
from a migrated template, a Redis of their own, and a clock that tests move by hand.
"""

import os

# Tests start programs while channels are in use. gRPC's fork handlers would wait for threads that wait
# for the interpreter, which the forking thread holds. A child only executes: it needs no handlers.
# Read when gRPC is first used.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"
