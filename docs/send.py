#!/usr/bin/env python3
"""Sends JSON Lines from standard input to a topic: send.py BROKERS TOPIC < articles.jsonl

Needs confluent_kafka (Debian: python3-confluent-kafka). The example of docs/input.md.
"""

import sys

from confluent_kafka import Producer

brokers, topic = sys.argv[1:]
failed = []
producer = Producer({"bootstrap.servers": brokers, "enable.idempotence": True})
for line in sys.stdin.buffer:
    if line.strip():
        while True:
            try:
                producer.produce(topic, line.rstrip(b"\r\n"), on_delivery=lambda e, _: e and failed.append(e))
                break
            except BufferError:  # more than the producer holds: wait for some to be delivered
                producer.poll(1)
sys.exit("not sent: %s" % failed[:1] if producer.flush(60) or failed else 0)
