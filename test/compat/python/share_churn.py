"""A member of a share group that has no peace, with confluent-kafka: what it prints is in
churn/share-group.ts."""

import os
import sys
import threading
import time

from confluent_kafka import AcknowledgeType, KafkaException, ShareConsumer

BOOTSTRAP, TOPIC, GROUP = sys.argv[1:4]
leaving = threading.Event()
acknowledgements = 0


def until_input_ends():
    while sys.stdin.buffer.read(1):
        pass
    leaving.set()


def say(*words):
    print(time.monotonic_ns() // 1000, *words, flush=True)


def told(messages):
    return [f"{one.partition()}:{one.offset()}:{one.delivery_count()}" for one in messages]


def acknowledge(client, messages):
    """Now and then a record is given back, the first time it comes."""
    global acknowledgements
    accepted = []
    say("acquired", *told(messages))
    for one in messages:
        if one.value() != b"%d" % one.offset():
            say("odd", one.partition(), one.offset(), one.value())
        back = one.offset() % 50 == 7 and one.delivery_count() == 1
        client.acknowledge(one, AcknowledgeType.RELEASE if back else AcknowledgeType.ACCEPT)
        if not back:
            accepted.append(one)
    acknowledgements += 1
    say("accepting", acknowledgements, *told(accepted))
    try:
        results = client.commit_sync(10.0)
        good = [one.partition for one, failure in results.items() if failure is None]
        say("accepted", acknowledgements, *good)
    except KafkaException as refused:
        say("refused", acknowledgements, refused.args[0].name())


def work(client):
    client.subscribe([TOPIC])
    while not leaving.is_set():
        try:
            messages = [one for one in client.poll(0.1) if one.error() is None]
        except KafkaException as failure:
            if failure.args[0].fatal():
                raise
            continue
        if messages:
            acknowledge(client, messages)
    client.close()


threading.Thread(target=until_input_ends, daemon=True).start()
work(ShareConsumer({
    "bootstrap.servers": BOOTSTRAP,
    "reconnect.backoff.max.ms": 500,
    "metadata.recovery.strategy": "none",
    "group.id": GROUP,
    "share.acknowledgement.mode": "explicit",
}))
os._exit(0)
