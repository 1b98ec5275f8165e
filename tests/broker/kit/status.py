# SPDX-License-Identifier: MIT
"""The retained status objects on a broker, and their counters."""
import json
import os
import threading
import time

import paho.mqtt.client as mqtt

from kit.waiting import DEADLINE, Late


class Status:
    """The retained status objects on a broker, always the newest. Comes back by itself when the broker does."""

    def __init__(self, port, processes=()):
        """`processes`: waiting ends early when one of them died."""
        self._processes = processes
        self._latest = {}
        self._changed = threading.Condition()
        self._ready = False
        self._client = mqtt.Client(f"status-{os.getpid() % 100000}-{id(self) & 0xFFFFFF:x}", protocol=mqtt.MQTTv311)
        self._client.reconnect_delay_set(1, 1)
        topics = [("+/mqttcan/status/#", 1), ("mqttcan/+/status", 1)]
        self._client.on_connect = lambda client, *_: client.subscribe(topics)
        self._client.on_disconnect = self._lost
        self._client.on_subscribe = self._subscribed
        self._client.on_message = self._received
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        with self._changed:
            if not self._changed.wait_for(lambda: self._ready, DEADLINE):
                raise Late("no subscription to the status topics")

    def _subscribed(self, *_):
        with self._changed:
            self._ready = True
            self._changed.notify_all()

    def _lost(self, *_):
        with self._changed:
            self._latest.clear()

    def _received(self, _client, _userdata, message):
        with self._changed:
            try:
                self._latest[message.topic] = json.loads(message.payload or "null")
            except ValueError:
                self._latest[message.topic] = {"state": "not JSON", "payload": message.payload}
            if not message.payload:
                del self._latest[message.topic]
            self._changed.notify_all()

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __str__(self):
        with self._changed:
            return "\n".join(f"{topic}: {json.dumps(status)}" for topic, status in sorted(self._latest.items()))

    def get(self, topic):
        with self._changed:
            return self._latest.get(topic)

    def wait(self, topic, predicate, what, deadline=DEADLINE):
        """The first status of a topic for which the predicate holds."""
        end = time.monotonic() + deadline
        with self._changed:
            while not (topic in self._latest and predicate(self._latest[topic])):
                for process in self._processes:
                    if process.died():
                        raise AssertionError(f"{topic}: {what}: {process.name} ended, exit code {process.wait()}")
                if time.monotonic() > end:
                    raise Late(f"{topic}: {what}: not within {deadline} s; it is {self._latest.get(topic)}, "
                               f"known are {sorted(self._latest)}")
                self._changed.wait(0.25)
            return self._latest[topic]

    def wait_online(self, topic, deadline=DEADLINE):
        return self.wait(topic, lambda status: status.get("state") == "online", "online", deadline)


def server_status(topic):
    return f"{topic}/mqttcan/status/server"


def client_status(topic, client_id):
    return f"{topic}/mqttcan/status/client/{client_id}"


def dropped(direction):
    return sum(direction.get("dropped", {}).values())


def is_balanced(counters):
    """Whether a bus's sums are even: nothing is queued any more, and nothing went missing uncounted."""
    to_bus = counters["to_bus"]
    to_broker = [counters["from_bus"], *([counters["confirmations"]] if "confirmations" in counters else [])]
    return (to_bus["received"] == to_bus["written"] + dropped(to_bus)
            and all(way["received"] == dropped(way) + sum(way.get(key, 0) for key in ("published", "buffered", "backfilled"))
                    for way in to_broker))
