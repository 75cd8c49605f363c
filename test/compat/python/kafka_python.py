"""The cases that kafka-python 2 and 3 share, and the few words they are written in. What differs
between the two, mostly the admin client's answers, is in each client's own `cases.py`."""

import os
import subprocess
import sys
import time

from harness import BOOTSTRAP, case, equal, in_background, raises, restart_broker, unique, until
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewPartitions, NewTopic
from kafka.errors import MessageSizeTooLargeError, TopicAlreadyExistsError
from kafka.errors import UnknownTopicOrPartitionError
from kafka.structs import OffsetAndMetadata


def producer(**options):
    return KafkaProducer(bootstrap_servers=BOOTSTRAP, **options)


def consumer(*topics, **options):
    options.setdefault("auto_offset_reset", "earliest")
    return KafkaConsumer(*topics, bootstrap_servers=BOOTSTRAP, **options)


def admin():
    return KafkaAdminClient(bootstrap_servers=BOOTSTRAP)


def send_all(topic, values, **options):
    client = producer(**options)
    sent = [client.send(topic, value) for value in values]
    client.flush()
    metadata = [future.get(timeout=10) for future in sent]
    client.close()
    return metadata


def take(client, count):
    """The next `count` records of a consumer."""
    taken = []
    until(lambda: taken.extend(poll(client)) or len(taken) >= count, f"{count} records")
    equal(len(taken), count)
    return taken


def poll(client):
    """What one poll returns. Longer than joining takes: see kafka-python-3/FINDINGS.md."""
    return [record for batch in client.poll(timeout_ms=1500).values() for record in batch]


def values_of(records):
    return [record.value for record in records]


def create(topic, partitions):
    client = admin()
    client.create_topics([NewTopic(topic, partitions, 1)])
    client.close()


@case("first-contact-produce")
def first_contact_produce():
    mark = unique("order").encode()
    client = KafkaProducer(bootstrap_servers=BOOTSTRAP)
    client.send("orders", mark)
    client.flush()
    client.close()
    for message in consumer("orders"):
        if message.value == mark:
            break


@case("first-contact-consume")
def first_contact_consume():
    """A consumer with no options, in a second terminal, before the topic exists."""
    topic = unique("orders")
    program = (
        "from kafka import KafkaConsumer\n"
        f"consumer = KafkaConsumer({topic!r}, bootstrap_servers={BOOTSTRAP!r})\n"
        "for message in consumer:\n"
        "    print(message.value, flush=True)\n"
    )
    terminal = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    seen = []
    in_background(lambda: seen.extend(iter(terminal.stdout.readline, b"")))
    try:
        client = KafkaProducer(bootstrap_servers=BOOTSTRAP)

        def send_and_look():
            client.send(topic, b"hello")
            client.flush()
            time.sleep(0.2)
            return seen

        until(send_and_look, "the consumer to print")
        equal(seen[0].strip(), b"b'hello'")
    finally:
        terminal.kill()


@case("keys-headers-timestamps")
def keys_headers_timestamps():
    topic = unique("typed")
    client = producer()
    headers = [("trace", b"1"), ("trace", b"2"), ("empty", b"")]
    first = client.send(topic, b"v", key=b"k", headers=headers, timestamp_ms=1_700_000_000_123)
    second = client.send(topic, None, key=b"k")
    client.flush()
    equal((first.get().offset, second.get().offset), (0, 1))
    equal(first.get().timestamp, 1_700_000_000_123)
    record, tombstone = take(consumer(topic), 2)
    equal((record.key, record.value, record.headers), (b"k", b"v", headers))
    equal((record.timestamp, record.timestamp_type), (1_700_000_000_123, 0))
    equal((tombstone.key, tombstone.value, tombstone.headers), (b"k", None, []))


def compression(codec):
    def check():
        topic = unique(codec)
        values = [b"%d " % number * 200 for number in range(100)]
        send_all(topic, values, compression_type=codec, linger_ms=50)
        equal(values_of(take(consumer(topic), 100)), values)

    return check


for name in ("gzip", "snappy", "lz4", "zstd"):
    case(f"compression-{name}")(compression(name))


@case("partitions")
def partitions():
    """The client's own murmur2 places keys; an explicit partition wins."""
    topic = unique("spread")
    create(topic, 4)
    client = producer()
    equal(client.partitions_for(topic), {0, 1, 2, 3})
    keyed = [client.send(topic, b"v", key=b"key-%d" % number) for number in range(40)]
    placed = client.send(topic, b"here", partition=3)
    client.flush()
    equal(placed.get().partition, 3)
    used = {future.get().partition for future in keyed}
    equal(used, {0, 1, 2, 3})
    again = client.send(topic, b"v", key=b"key-7").get(timeout=10)
    equal(again.partition, keyed[7].get().partition)
    records = take(consumer(topic), 42)
    for record in records:
        if record.key is not None:
            number = int(record.key.split(b"-")[1])
            equal(record.partition, keyed[number].get().partition)


@case("order")
def order():
    """Five requests in flight on one connection; the log keeps their order."""
    topic = unique("ordered")
    values = [b"%06d" % number for number in range(5000)]
    sent = send_all(topic, values, batch_size=2048)
    equal([metadata.offset for metadata in sent], list(range(5000)))
    equal(values_of(take(consumer(topic), 5000)), values)


@case("acks-zero")
def acks_zero():
    topic = unique("unacknowledged")
    send_all(topic, [b"a", b"b"], acks=0)
    send_all(topic, [b"c"], acks=1)
    equal(sorted(values_of(take(consumer(topic), 3))), [b"a", b"b", b"c"])


@case("large-message")
def large_message():
    topic = unique("large")
    value = os.urandom(900_000)
    send_all(topic, [value, b"small"])
    equal(values_of(take(consumer(topic), 2)), [value, b"small"])


@case("too-large-message")
def too_large_message():
    topic = unique("too-large")
    client = producer(max_request_size=4_000_000)
    future = client.send(topic, bytes(2_000_000))
    raises(MessageSizeTooLargeError, lambda: future.get(timeout=20))
    send_all(topic, [b"small"])
    equal(values_of(take(consumer(topic), 1)), [b"small"])


@case("many-partitions")
def many_partitions():
    topic = unique("wide")
    create(topic, 50)
    client = producer()
    for number in range(50):
        client.send(topic, b"%d" % number, partition=number)
    client.flush()
    records = take(consumer(topic), 50)
    equal({int(record.value): record.partition for record in records}, {n: n for n in range(50)})


@case("long-poll")
def long_poll():
    """A poll that waits is answered by the record that arrives meanwhile."""
    topic = unique("waiting")
    send_all(topic, [b"first"])
    client = consumer(topic, fetch_max_wait_ms=20_000)
    take(client, 1)
    late = producer()
    in_background(lambda: (time.sleep(0.5), late.send(topic, b"late"), late.flush()))
    equal(values_of(take(client, 1)), [b"late"])


@case("offsets-by-time")
def offsets_by_time():
    topic = unique("timed")
    client = producer()
    for number in range(5):
        client.send(topic, b"%d" % number, timestamp_ms=1_000_000 + number * 1000)
        client.flush()
    partition = TopicPartition(topic, 0)
    reader = consumer()
    found = reader.offsets_for_times({partition: 1_002_500})[partition]
    equal((found.offset, found.timestamp), (3, 1_003_000))
    equal(reader.offsets_for_times({partition: 9_000_000}), {partition: None})
    equal(reader.beginning_offsets([partition]), {partition: 0})
    equal(reader.end_offsets([partition]), {partition: 5})
    reader.assign([partition])
    reader.seek(partition, found.offset)
    equal(values_of(take(reader, 2)), [b"3", b"4"])


@case("seek")
def seek():
    topic = unique("seek")
    send_all(topic, [b"%d" % number for number in range(10)])
    partition = TopicPartition(topic, 0)
    reader = consumer()
    reader.assign([partition])
    reader.seek(partition, 7)
    equal(values_of(take(reader, 3)), [b"7", b"8", b"9"])
    reader.seek_to_beginning(partition)
    equal(take(reader, 10)[0].offset, 0)
    reader.seek_to_end(partition)
    equal(reader.position(partition), 10)
    reader.seek(partition, 1_000)  # out of range: back to auto_offset_reset
    equal(take(reader, 10)[0].offset, 0)


@case("group-resume")
def group_resume():
    topic, group = unique("work"), unique("workers")
    send_all(topic, [b"%d" % number for number in range(10)])
    first = consumer(topic, group_id=group, enable_auto_commit=False, max_poll_records=4)
    until(lambda: poll(first), "the first records")
    partition = TopicPartition(topic, 0)
    first.commit({partition: OffsetAndMetadata(4, "a note")})
    equal(first.committed(partition, metadata=True), OffsetAndMetadata(4, "a note"))
    first.close(autocommit=False)
    second = consumer(topic, group_id=group, enable_auto_commit=False)
    equal(values_of(take(second, 6)), [b"4", b"5", b"6", b"7", b"8", b"9"])
    second.close()


@case("group-auto-commit")
def group_auto_commit():
    topic, group = unique("auto"), unique("workers")
    send_all(topic, [b"1", b"2"])
    first = consumer(topic, group_id=group)
    take(first, 2)
    first.close()  # commits
    send_all(topic, [b"3"])
    equal(values_of(take(consumer(topic, group_id=group), 1)), [b"3"])


class Member:
    """A group member with a thread of its own, as each would be a process."""

    def __init__(self, topic, group):
        self.records, self.assignment, self.leaving = [], set(), False
        options = {"group_id": group, "heartbeat_interval_ms": 500}
        self.thread = in_background(lambda: self.work(consumer(topic, **options)))

    def work(self, client):
        while not self.leaving:
            self.records += poll(client)
            self.assignment = set(client.assignment())
        client.close()

    def leave(self):
        self.leaving = True
        self.thread.join(20)


@case("group-two-members")
def group_two_members():
    """Two members share four partitions; when one leaves, the other has them all."""
    topic, group = unique("shared"), unique("workers")
    create(topic, 4)
    first = Member(topic, group)
    until(lambda: len(first.assignment) == 4, "the first member alone")
    second = Member(topic, group)
    until(lambda: len(first.assignment) == len(second.assignment) == 2, "two partitions each")
    equal(first.assignment & second.assignment, set())
    second.leave()
    until(lambda: len(first.assignment) == 4, "the rest to come back")
    client = producer()
    for number in range(4):
        client.send(topic, b"%d" % number, partition=number)
    client.flush()
    until(lambda: len(first.records) == 4, "a record from each partition")
    equal(sorted(values_of(first.records)), [b"0", b"1", b"2", b"3"])
    first.leave()


@case("restart-resume")
def restart_resume():
    """Committed offsets and records are there after the broker was stopped and started."""
    topic, group = unique("durable"), unique("workers")
    send_all(topic, [b"%d" % number for number in range(10)])
    first = consumer(topic, group_id=group, enable_auto_commit=False)
    take(first, 10)
    first.commit({TopicPartition(topic, 0): OffsetAndMetadata(6, "")})
    first.close(autocommit=False)
    restart_broker()
    second = consumer(topic, group_id=group, enable_auto_commit=False)
    equal(values_of(take(second, 4)), [b"6", b"7", b"8", b"9"])


@case("restart-live-clients")
def restart_live_clients():
    """A producer and a consumer that were connected go on by themselves."""
    topic, group = unique("live"), unique("workers")
    writer = producer(retries=20)
    writer.send(topic, b"before").get(timeout=10)
    reader = consumer(topic, group_id=group)
    equal(values_of(take(reader, 1)), [b"before"])
    restart_broker()
    writer.send(topic, b"after").get(timeout=30)
    equal(values_of(take(reader, 1)), [b"after"])


@case("admin-topics")
def admin_topics():
    client, topic = admin(), unique("managed")
    client.create_topics([NewTopic(topic, 3, 1, topic_configs={"retention.ms": "60000"})])
    raises(TopicAlreadyExistsError, lambda: client.create_topics([NewTopic(topic, 3, 1)]))
    assert topic in client.list_topics()
    described = client.describe_topics([topic])[0]
    equal((described["error_code"], len(described["partitions"])), (0, 3))
    client.create_partitions({topic: NewPartitions(5)})
    equal(len(client.describe_topics([topic])[0]["partitions"]), 5)
    client.delete_topics([topic])
    until(lambda: topic not in client.list_topics(), "the topic to go")
    raises(UnknownTopicOrPartitionError, lambda: client.delete_topics([topic]))
