# SPDX-License-Identifier: Apache-2.0
"""HAProxy in front of a cluster's services, with the configuration that operators get.

    cluster = make_cluster(options=("--trusted-front-loopback", "--insecure-principals"))
    with Front(folder, cluster) as front:
        front.client("IntakeService", tenant="demo", principal="crm").OpenCase(...)

Its certificate is signed by `front.authority`; `client_names=True` has it read the certificates of clients that
the same authority signed.
"""

import grpc

from . import api, paths
from .certificates import LOCAL, Authority
from .process import Failed, Process, free_port, own_folder, port_is_free, wait_until

FOLDER = paths.ROOT / "docker" / "front"
SERVICES = ("intake", "assignment", "resolution")


class Front:
    """`variables` are those of docker/front/README.md without their FRONT_."""

    def __init__(self, folder, cluster, *, client_names=False, authority=None, **variables):
        self.folder = own_folder(folder)
        self.address = f"127.0.0.1:{free_port()}"
        self.authority = authority or Authority(self.folder / "authority")
        self._pair = self.authority.issue("front", *LOCAL)
        settings = {"LISTEN": self.address, "CERTIFICATE": self._pair.cert,
                    **{kind.upper(): cluster.replica(kind).address for kind in SERVICES}}
        if client_names:
            settings |= {"CLIENT_CA": self.authority.cert, "LUA": FOLDER / "client-names.lua"}
        self._env = {f"FRONT_{name}": str(value) for name, value in {**settings, **variables}.items()}
        self._channels = []
        self.process = None

    def start(self):
        self.process = Process(self.folder, "haproxy", [paths.haproxy(), "-f", FOLDER / "haproxy.cfg"],
                               user=paths.server_user(), env=self._env).start()
        port = int(self.address.rpartition(":")[2])
        wait_until(lambda: not self.process.running() or not port_is_free(port), "HAProxy", 20)
        if not self.process.running():
            raise Failed(f"HAProxy did not start\n{self.process.tail()}")
        return self

    def channel(self, pair=None, options=()):
        """A client's connection of its own; `pair` is its certificate."""
        credentials = grpc.ssl_channel_credentials(
            self.authority.cert.read_bytes(), *((pair.key.read_bytes(), pair.cert.read_bytes()) if pair else ()))
        # Channels of equal options share a connection.
        unique = ("amends.test.channel", len(self._channels))
        channel = grpc.secure_channel(self.address, credentials, [unique, *options])
        self._channels.append(channel)
        return channel

    def client(self, service, *, tenant="demo", principal="crm", pair=None, metadata=()):
        return api.Client(self.channel(pair), service, tenant=tenant, principal=principal, metadata=metadata)

    def stop(self):
        for channel in self._channels:
            channel.close()
        if self.process and self.process.running():
            self.process.stop()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
