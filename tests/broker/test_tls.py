#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""TLS: the right authority connects; each wrong thing fails with a message that says which it is."""
import select

import harness
from harness import Frame

WRONG_AUTHORITY = r"(unknown|untrusted|not trusted|self.signed|unable to get local issuer|wrong) ?[^\n]*" \
                  r"(CA|authority|issuer|certificate)|issuer"
EXPIRED = r"expired"
WRONG_NAME = r"(wrong|mismatch|match)[^\n]*host ?name|host ?name[^\n]*(wrong|mismatch|match)|another host"


class TlsToABroker(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.authority = self.place.authority("right")

    def daemon(self, broker, authority):
        return self.place.daemon("secure", {
            "brokers": {"default": {"url": f"mqtts://127.0.0.1:{broker.port}", "client_id": "secure",
                                    "tls": {"ca_file": str(authority.certificate)}}},
            "buses": {"here": {"interface": "vhere", "topic": "can", "role": "client"}}})

    def assert_fails(self, broker, authority, reason, *other_reasons):
        daemon = self.daemon(broker, authority)
        daemon.wait_log(reason)
        for other in other_reasons:
            self.assertNotRegex(daemon.log(), f"(?i){other}")
        self.assertTrue(harness.is_up("vhere"))
        daemon.terminate()
        self.assertNotRegex(broker.log(), "as secure", "the broker never saw a CONNECT")

    def test_connects_if_the_authority_is_right(self):
        broker = self.place.broker(tls=self.authority.issue("broker", "IP:127.0.0.1,DNS:localhost"))
        daemon = self.daemon(broker, self.authority)
        other = self.place.peer("server", "can", broker, ca_file=str(self.authority.certificate))
        harness.wait_up("vhere")
        bus = self.place.can("vhere")
        harness.wait_for(lambda: "as secure" in broker.log(), "the daemon connects")

        def arrives():
            other.send(Frame(0x123, b"\x01"))
            other.flush()
            select.select([bus], [], [], 0.05)
            return bus.drain()

        self.assertEqual(str(harness.wait_for(arrives, "a frame crosses")[0]), "123#01")
        bus.send(Frame(0x124, b"\x02"))
        self.assertEqual(str(other.take(1)[0]), "124#02")
        daemon.terminate()

    def test_fails_on_another_authority_and_says_so(self):
        broker = self.place.broker(tls=self.authority.issue("broker", "IP:127.0.0.1"))
        self.assert_fails(broker, self.place.authority("wrong"), WRONG_AUTHORITY, EXPIRED, WRONG_NAME)

    def test_fails_on_an_expired_certificate_and_says_so(self):
        broker = self.place.broker(
            tls=self.authority.issue("broker", "IP:127.0.0.1", "20200101000000Z", "20200201000000Z"))
        self.assert_fails(broker, self.authority, EXPIRED, WRONG_NAME)

    def test_fails_on_a_certificate_for_another_host_and_says_so(self):
        broker = self.place.broker(tls=self.authority.issue("broker", "DNS:elsewhere.example"))
        self.assert_fails(broker, self.authority, WRONG_NAME, EXPIRED)


if __name__ == "__main__":
    harness.main()
