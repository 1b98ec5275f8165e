# SPDX-License-Identifier: MIT
"""A broker that knows no MQTT 5."""
import os
import re
import select
import socket
import threading

from kit.waiting import DEADLINE


class OldBroker:
    """A door before a broker that turns MQTT 5 away as brokers of 3.1.1 do, and passes everything else on."""

    REFUSAL = bytes((0x20, 2, 0, 1))  # CONNACK: unacceptable protocol version

    def __init__(self, port):
        self._behind = port
        self.refused = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._stop_reading, self._stop_writing = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self):
        os.write(self._stop_writing, b"x")
        self._thread.join(DEADLINE)
        self._listener.close()
        os.close(self._stop_reading)
        os.close(self._stop_writing)

    def _serve(self):
        partner = {}
        try:
            while True:
                for ready in select.select([self._listener, self._stop_reading, *partner], [], [])[0]:
                    if ready == self._stop_reading:
                        return
                    if ready is self._listener:
                        self._admit(partner)
                    elif ready in partner:
                        self._pass_on(partner, ready)
        finally:
            for end in partner:
                end.close()

    def _admit(self, partner):
        guest, _ = self._listener.accept()
        guest.settimeout(DEADLINE)
        packet = b""
        # CONNECT: type, length (1-4 bytes), 00 04 "MQTT" level. Nothing else may come first.
        while not (found := re.match(rb"\x10[\x80-\xff]{0,3}[\x00-\x7f]\x00.(?:MQTT|MQIsdp)(.)", packet, re.DOTALL)):
            chunk = guest.recv(4096)
            if not chunk:
                guest.close()
                return
            packet += chunk
        if found[1] == b"\x05":
            self.refused += 1
            guest.sendall(self.REFUSAL)
            guest.close()
            return
        host = socket.create_connection(("127.0.0.1", self._behind))
        host.sendall(packet)
        partner[guest], partner[host] = host, guest

    @staticmethod
    def _pass_on(partner, source):
        try:
            chunk = source.recv(65536)
            if chunk:
                partner[source].sendall(chunk)
        except OSError:
            chunk = b""
        if not chunk:
            target = partner.pop(source)
            partner.pop(target)
            source.close()
            target.close()
