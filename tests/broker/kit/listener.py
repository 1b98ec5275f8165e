# SPDX-License-Identifier: MIT
"""A subscriber that keeps what it hears, and can say something."""
import threading

import paho.mqtt.client as mqtt

from kit.waiting import DEADLINE


class Listener:
    """All messages of one topic filter, from the return of the constructor on."""

    def __init__(self, port, topic):
        self.payloads = []
        self.topics = []
        self._topic = topic
        self._subscribed = threading.Event()
        self._client = mqtt.Client(protocol=mqtt.MQTTv311)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_message = self._heard
        self._client.on_connect = lambda client, *_: client.subscribe(topic)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_disconnect = lambda *_: self._subscribed.clear()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self.wait_connected()

    def wait_connected(self):
        """It comes back by itself when the broker does."""
        if not self._subscribed.wait(DEADLINE):
            raise TimeoutError(f"no subscription to {self._topic}")

    def _heard(self, _client, _userdata, message):
        self.topics.append(message.topic)
        self.payloads.append(message.payload)

    def publish(self, topic, payload):
        self._client.publish(topic, payload).wait_for_publish(DEADLINE)

    def stop(self):
        self._client.disconnect()
        self._client.loop_stop()
