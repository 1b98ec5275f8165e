# SPDX-License-Identifier: MIT
"""A Varlink client, written from https://varlink.org alone: JSON objects that end in NUL on a unix socket."""
import json
import socket

from kit.waiting import DEADLINE


class VarlinkError(AssertionError):
    """A reply that is an error: its name and parameters."""

    def __init__(self, name, parameters):
        super().__init__(f"{name} {parameters}")
        self.name, self.parameters = name, parameters


class Varlink:
    """A connection to `path`; calls wait for their reply. To be closed, or used with `with`."""

    def __init__(self, path, deadline=DEADLINE):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(deadline)
        self._waiting = b""
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    def call(self, method, **parameters):
        """The reply's parameters; VarlinkError for an error."""
        self.send(method, **parameters)
        return self.receive()

    def send(self, method, /, oneway=False, more=False, **parameters):
        message = {"method": method, "parameters": parameters}
        message.update({name: True for name, wanted in (("oneway", oneway), ("more", more)) if wanted})
        self.send_bytes(json.dumps(message).encode() + b"\0")

    def send_bytes(self, raw):
        self._socket.sendall(raw)

    def receive(self):
        while b"\0" not in self._waiting:
            got = self._socket.recv(65536)
            if not got:
                raise ConnectionError("the connection was closed without a reply")
            self._waiting += got
        message, _, self._waiting = self._waiting.partition(b"\0")
        reply = json.loads(message)
        if "error" in reply:
            raise VarlinkError(reply["error"], reply.get("parameters", {}))
        return reply.get("parameters", {})
