"""A member of a group that has no peace, with confluent-kafka: what it prints and when it ends is
in churn/member.ts."""

import os
import sys
import threading
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition, libversion

BOOTSTRAP, TOPIC, GROUP, PROTOCOL, INSTANCE = sys.argv[1:]
leaving = threading.Event()
uncommitted = {}  # where to go on in each partition, as far as that is not committed yet
commits = 0


def until_input_ends():
    while sys.stdin.buffer.read(1):
        pass
    leaving.set()


def say(*words):
    print(time.monotonic_ns() // 1000, *words, flush=True)


def consumer():
    options = {
        "bootstrap.servers": BOOTSTRAP,
        "reconnect.backoff.max.ms": 500,
        "group.id": GROUP,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "fetch.wait.max.ms": 100,
        "max.poll.interval.ms": 30_000,
    }
    if PROTOCOL == "consumer":
        options["group.protocol"] = "consumer"
    else:
        assignor = "cooperative-sticky" if PROTOCOL == "cooperative" else "roundrobin"
        options["partition.assignment.strategy"] = assignor
        options.update({"session.timeout.ms": 6000, "heartbeat.interval.ms": 1000})
    if INSTANCE:
        options["group.instance.id"] = INSTANCE
    if libversion()[1] >= 0x020B0000:
        # Having forgotten a broker that was away it may wait for ever for the group's.
        options["metadata.recovery.strategy"] = "none"
    client = Consumer(options)
    client.subscribe([TOPIC], on_assign=assigned, on_revoke=revoked, on_lost=lost)
    return client


def numbers(partitions):
    return [one.partition for one in partitions]


def assigned(_, partitions):
    say("assigned", *numbers(partitions))


def revoked(client, partitions):
    mine = numbers(partitions)
    commit(client, {one: next for one, next in uncommitted.items() if one in mine})
    forget(mine)
    say("revoked", *mine)


def lost(_, partitions):
    forget(numbers(partitions))
    say("lost", *numbers(partitions))


def forget(partitions):
    for one in partitions:
        uncommitted.pop(one, None)


def commit(client, offsets):
    global commits
    if not offsets:
        return
    commits += 1
    say("committing", commits, *(f"{one}:{next}" for one, next in offsets.items()))
    try:
        wanted = [TopicPartition(TOPIC, one, next) for one, next in offsets.items()]
        for told in client.commit(offsets=wanted, asynchronous=False):
            if told.error:
                raise KafkaException(told.error)
        say("committed", commits)
        forget(offsets)
    except KafkaException as refused:
        say("refused", commits, refused.args[0].name())


def read(message):
    partition, offset = message.partition(), message.offset()
    say("read", partition, offset, offset)
    if message.value() != b"%d" % offset:
        say("odd", partition, offset, message.value())
    uncommitted[partition] = offset + 1


def work(client):
    while not leaving.is_set():
        message, more = client.poll(0.1), 50
        while message is not None:
            if message.error() is None:
                read(message)
            elif message.error().fatal() or message.error().code() == KafkaError._MAX_POLL_EXCEEDED:
                raise KafkaException(message.error())
            more -= 1
            message = client.poll(0) if more > 0 else None
        commit(client, dict(uncommitted))
    client.close()


threading.Thread(target=until_input_ends, daemon=True).start()
work(consumer())
os._exit(0)
