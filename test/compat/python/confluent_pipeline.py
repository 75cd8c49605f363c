"""A worker of the pipeline that exactly-once.ts describes, with confluent-kafka."""

import os
import sys
import threading
import time
import traceback

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka import TopicPartition, libversion

BOOTSTRAP, SOURCE, TARGET, GROUP, NAME, INSTANCE, FATAL_STEP, FATAL_TRANSACTION = sys.argv[1:]
GAVE_UP = 3
# What becomes of a static member that fenced itself: see FINDINGS.md.
FATAL = (KafkaError._FATAL, KafkaError.FENCED_INSTANCE_ID)
COMMON = {"bootstrap.servers": BOOTSTRAP, "reconnect.backoff.max.ms": 500}
if libversion()[1] >= 0x020B0000:
    # Having forgotten a broker that was away it waits for ever for the group's: see FINDINGS.md.
    COMMON["metadata.recovery.strategy"] = "none"
ending = threading.Event()
number = 1


def until_input_ends():
    while sys.stdin.buffer.read(1):
        pass
    ending.set()


def reach(step):
    if (step, str(number)) != (FATAL_STEP, FATAL_TRANSACTION):
        return
    print("dying", flush=True)
    if step != "committing":
        time.sleep(60)


def consumer():
    options = {
        **COMMON,
        "group.id": GROUP,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "heartbeat.interval.ms": 500,
    }
    if INSTANCE:
        options["group.instance.id"] = INSTANCE
    client, polled = Consumer(options), []

    def forget(*_):
        polled.clear()  # what was polled before a rebalance is polled again, here or elsewhere

    client.subscribe([SOURCE], on_revoke=forget, on_lost=forget)
    return client, polled


def producer():
    client = Producer({
        **COMMON,
        "transactional.id": NAME,
        "transaction.timeout.ms": 10_000,
    })
    client.init_transactions(30)
    return client


def copy(reader, writer, messages):
    for one in messages:
        writer.produce(TARGET, one.value() + b"!", partition=one.partition())
    writer.flush(30)
    reach("sent")
    after = {one.partition(): one.offset() + 1 for one in messages}
    offsets = [TopicPartition(SOURCE, partition, offset) for partition, offset in after.items()]
    writer.send_offsets_to_transaction(offsets, reader.consumer_group_metadata(), 30)
    reach("offsets")
    if number % 5 == 0:
        abort(reader, writer, messages)
    else:
        reach("committing")
        writer.commit_transaction(30)
        reach("committed")


def abort(reader, writer, messages):
    """Goes back to where the transaction began, in what it still holds."""
    writer.abort_transaction(30)
    held = {one.partition for one in reader.assignment()}
    for one in reversed(messages):
        if one.partition() in held:
            reader.seek(TopicPartition(SOURCE, one.partition(), one.offset()))


def work(reader, polled, writer):
    global number
    reach("started")
    while not ending.is_set():
        message = reader.poll(0.05)
        if message is not None and message.error() and message.error().code() in FATAL:
            raise KafkaException(message.error())
        if message is not None and message.error() is None:
            polled.append(message)
            if len(polled) < 10:
                continue
        if not polled:
            continue
        messages = polled.copy()
        polled.clear()
        reach("polled")
        writer.begin_transaction()
        try:
            copy(reader, writer, messages)
        except KafkaException as failure:
            traceback.print_exc()
            if failure.args[0].fatal() or failure.args[0].code() in FATAL:
                raise
            abort(reader, writer, messages)
        number += 1
    reader.close()


threading.Thread(target=until_input_ends, daemon=True).start()
try:
    work(*consumer(), producer())
except KafkaException:
    traceback.print_exc()
    os._exit(GAVE_UP)
os._exit(0)
