"""The cases of confluent-kafka, librdkafka's Python face. They are the same for the old librdkafka
that Debian ships and for the newest one, which speak very different versions of every API."""

import os
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer
from confluent_kafka import TIMESTAMP_CREATE_TIME, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic
from harness import BOOTSTRAP, case, equal, in_background, raises, restart_broker, unique, until


def producer(**options):
    return Producer({"bootstrap.servers": BOOTSTRAP, **dotted(options)})


def consumer(**options):
    options.setdefault("group_id", unique("readers"))
    options.setdefault("auto_offset_reset", "earliest")
    return Consumer({"bootstrap.servers": BOOTSTRAP, **dotted(options)})


ADMIN = AdminClient({"bootstrap.servers": BOOTSTRAP})


def admin():
    return ADMIN  # answers are lost when the client they were asked of is collected


def dotted(options):
    return {name.replace("_", "."): value for name, value in options.items()}


def send_all(topic, values, **options):
    """Produces the values and answers what was delivered: (error, message) pairs."""
    client, delivered = producer(**options), []
    for value in values:
        client.produce(topic, value, on_delivery=lambda *report: delivered.append(report))
        client.poll(0)
    equal(client.flush(30), 0)
    return delivered


def subscribed(topic, **options):
    client = consumer(**options)
    client.subscribe([topic])
    return client


def take(client, count):
    taken = []

    def more():
        taken.extend(client.consume(num_messages=count - len(taken), timeout=0.5))
        for message in taken:
            # a topic that was just created may not have reached every answer yet
            assert message.error() is None, message.error()
        return len(taken) >= count

    until(more, f"{count} messages")
    return taken


def values_of(messages):
    return [message.value() for message in messages]


def create(topic, partitions, **options):
    new = NewTopic(topic, num_partitions=partitions, replication_factor=1, **options)
    admin().create_topics([new])[topic].result(20)


@case("first-contact")
def first_contact():
    mark = unique("order").encode()
    [(error, message)] = send_all("orders", [mark])
    equal((error, message.value()), (None, mark))
    client = subscribed("orders")
    until(lambda: mark in values_of(take(client, 1)), "the order")
    client.close()


@case("keys-headers-timestamps")
def keys_headers_timestamps():
    topic, client, sent = unique("typed"), producer(), []
    headers = [("trace", b"1"), ("trace", b"2"), ("bare", None)]
    client.produce(
        topic,
        b"v",
        key=b"k",
        headers=headers,
        timestamp=1_700_000_000_123,
        on_delivery=lambda *report: sent.append(report),
    )
    client.produce(topic, None, key=b"k")
    equal(client.flush(20), 0)
    equal((sent[0][1].offset(), sent[0][1].timestamp()[1]), (0, 1_700_000_000_123))
    message, tombstone = take(subscribed(topic), 2)
    equal((message.key(), message.value(), message.headers()), (b"k", b"v", headers))
    equal(message.timestamp(), (TIMESTAMP_CREATE_TIME, 1_700_000_000_123))
    equal((tombstone.key(), tombstone.value(), tombstone.offset()), (b"k", None, 1))


def compression(codec):
    def check():
        topic = unique(codec)
        values = [b"%d " % number * 200 for number in range(100)]
        send_all(topic, values, compression_type=codec, linger_ms=50)
        equal(values_of(take(subscribed(topic), 100)), values)

    return check


for name in ("gzip", "snappy", "lz4", "zstd"):
    case(f"compression-{name}")(compression(name))


@case("idempotent")
def idempotent():
    topic = unique("idempotent")
    values = [b"%06d" % number for number in range(10_000)]
    delivered = send_all(topic, values, enable_idempotence=True, batch_num_messages=200)
    equal([error for error, _ in delivered if error], [])
    equal(values_of(take(subscribed(topic), 10_000)), values)


@case("partitions")
def partitions():
    topic = unique("spread")
    create(topic, 4)
    client, placed = producer(partitioner="murmur2_random"), {}

    def delivered(error, message):
        equal(error, None)
        placed.setdefault(message.key(), set()).add(message.partition())

    for number in range(40):
        client.produce(topic, b"v", key=b"key-%d" % (number % 20), on_delivery=delivered)
    client.produce(topic, b"v", key=b"here", partition=3, on_delivery=delivered)
    equal(client.flush(20), 0)
    equal(placed.pop(b"here"), {3})
    equal({len(used) for used in placed.values()}, {1})
    equal(set().union(*placed.values()), {0, 1, 2, 3})
    equal(len(take(subscribed(topic), 41)), 41)


@case("large-message")
def large_message():
    topic, value = unique("large"), os.urandom(900_000)
    send_all(topic, [value, b"small"])
    equal(values_of(take(subscribed(topic), 2)), [value, b"small"])


@case("too-large-message")
def too_large_message():
    topic = unique("too-large")
    [(error, _)] = send_all(topic, [bytes(2_000_000)], message_max_bytes=4_000_000)
    equal(error.code(), KafkaError.MSG_SIZE_TOO_LARGE)
    send_all(topic, [b"small"])
    equal(values_of(take(subscribed(topic), 1)), [b"small"])


@case("many-partitions")
def many_partitions():
    topic = unique("wide")
    create(topic, 50)
    client = producer()
    for number in range(50):
        client.produce(topic, b"%d" % number, partition=number)
    equal(client.flush(20), 0)
    taken = take(subscribed(topic), 50)
    equal({int(one.value()): one.partition() for one in taken}, {n: n for n in range(50)})


@case("long-poll")
def long_poll():
    topic = unique("waiting")
    send_all(topic, [b"first"])
    client = subscribed(topic, fetch_wait_max_ms=20_000, socket_timeout_ms=60_000)
    take(client, 1)
    in_background(lambda: (time.sleep(0.5), send_all(topic, [b"late"])))
    equal(values_of(take(client, 1)), [b"late"])


@case("offsets-by-time")
def offsets_by_time():
    topic, client = unique("timed"), producer()
    for number in range(5):
        client.produce(topic, b"%d" % number, timestamp=1_000_000 + number * 1000)
        equal(client.flush(20), 0)
    reader = consumer()

    def at(timestamp):
        [found] = reader.offsets_for_times([TopicPartition(topic, 0, timestamp)], timeout=20)
        equal(found.error, None)
        return found.offset

    equal(at(1_002_500), 3)
    equal(at(1_000_000), 0)
    assert at(9_000_000) in (-1, 5), at(9_000_000)  # "the end", which releases write differently
    equal(reader.get_watermark_offsets(TopicPartition(topic, 0), timeout=20), (0, 5))
    reader.assign([TopicPartition(topic, 0, 3)])
    equal(values_of(take(reader, 2)), [b"3", b"4"])


@case("seek")
def seek():
    topic = unique("seek")
    send_all(topic, [b"%d" % number for number in range(10)])
    reader = consumer()
    reader.assign([TopicPartition(topic, 0, 7)])
    equal(values_of(take(reader, 3)), [b"7", b"8", b"9"])
    reader.seek(TopicPartition(topic, 0, 2))
    equal(values_of(take(reader, 1)), [b"2"])
    reader.assign([TopicPartition(topic, 0, 1_000)])  # out of range: back to auto.offset.reset
    equal(values_of(take(reader, 1)), [b"0"])
    reader.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    equal(values_of(take(reader, 1)), [b"0"])


@case("group-resume")
def group_resume():
    topic, group = unique("work"), unique("workers")
    send_all(topic, [b"%d" % number for number in range(10)])
    first = subscribed(topic, group_id=group, enable_auto_commit=False)
    take(first, 4)
    [committed] = first.commit(offsets=[TopicPartition(topic, 0, 4)], asynchronous=False)
    equal((committed.offset, committed.error), (4, None))
    [stored] = first.committed([TopicPartition(topic, 0)], timeout=20)
    equal(stored.offset, 4)
    first.close()
    second = subscribed(topic, group_id=group)
    equal(values_of(take(second, 6)), [b"4", b"5", b"6", b"7", b"8", b"9"])
    second.close()


@case("group-static-member")
def group_static_member():
    """A static member that comes back under its name keeps its partitions."""
    topic, group = unique("static"), unique("workers")
    send_all(topic, [b"1"])
    first = subscribed(topic, group_id=group, group_instance_id="one")
    take(first, 1)
    first.commit(asynchronous=False)
    first.close()
    send_all(topic, [b"2"])
    second = subscribed(topic, group_id=group, group_instance_id="one")
    equal(values_of(take(second, 1)), [b"2"])
    second.close()


class Member:
    """A group member with a thread of its own, as each would be a process."""

    def __init__(self, topic, group, **options):
        self.values, self.assignment, self.leaving = [], set(), False
        if options.get("group_protocol") != "consumer":
            options["heartbeat_interval_ms"] = 500
        client = subscribed(topic, group_id=group, **options)
        self.thread = in_background(lambda: self.work(client))

    def work(self, client):
        while not self.leaving:
            self.values += values_of(client.consume(num_messages=10, timeout=0.2))
            self.assignment = {one.partition for one in client.assignment()}
        client.close()

    def leave(self):
        self.leaving = True
        self.thread.join(20)


def two_members(strategy):
    def check():
        topic, group = unique("shared"), unique("workers")
        create(topic, 4)
        first = Member(topic, group, partition_assignment_strategy=strategy)
        until(lambda: len(first.assignment) == 4, "the first member alone")
        second = Member(topic, group, partition_assignment_strategy=strategy)
        until(lambda: len(first.assignment) == len(second.assignment) == 2, "two each")
        equal(first.assignment & second.assignment, set())
        second.leave()
        until(lambda: len(first.assignment) == 4, "the rest to come back")
        client = producer()
        for number in range(4):
            client.produce(topic, b"%d" % number, partition=number)
        equal(client.flush(20), 0)
        until(lambda: len(first.values) == 4, "a record from each partition")
        equal(sorted(first.values), [b"0", b"1", b"2", b"3"])
        first.leave()

    return check


case("group-two-members")(two_members("range"))
case("group-cooperative")(two_members("cooperative-sticky"))


@case("restart-resume")
def restart_resume():
    topic, group = unique("durable"), unique("workers")
    send_all(topic, [b"%d" % number for number in range(10)], enable_idempotence=True)
    first = subscribed(topic, group_id=group, enable_auto_commit=False)
    take(first, 10)
    first.commit(offsets=[TopicPartition(topic, 0, 6)], asynchronous=False)
    first.close()
    restart_broker()
    second = subscribed(topic, group_id=group)
    equal(values_of(take(second, 4)), [b"6", b"7", b"8", b"9"])


@case("restart-live-clients")
def restart_live_clients():
    """An idempotent producer and a group member that were connected go on by themselves."""
    topic, delivered, soon = unique("live"), [], {"reconnect_backoff_max_ms": 1_000}
    writer = producer(enable_idempotence=True, **soon)

    def write(value):
        writer.produce(topic, value, on_delivery=lambda error, _: delivered.append(error))
        equal(writer.flush(40), 0)

    write(b"before")
    reader = subscribed(topic, **soon)
    equal(values_of(take(reader, 1)), [b"before"])
    restart_broker()
    write(b"after")
    equal(delivered, [None, None])
    seen = []

    def after():
        messages = reader.consume(num_messages=1, timeout=0.5)
        seen.extend(one.value() for one in messages if one.error() is None)
        return seen

    until(after, "the record after the restart", 40)
    equal(seen, [b"after"])


@case("admin-topics")
def admin_topics():
    client, topic = admin(), unique("managed")
    create(topic, 3, config={"retention.ms": "60000"})
    refused = raises(KafkaException, lambda: create(topic, 3))
    equal(refused.args[0].code(), KafkaError.TOPIC_ALREADY_EXISTS)
    equal(len(client.list_topics(timeout=20).topics[topic].partitions), 3)
    client.create_partitions([NewPartitions(topic, 5)])[topic].result(20)
    equal(len(client.list_topics(topic, timeout=20).topics[topic].partitions), 5)
    client.delete_topics([topic])[topic].result(20)
    until(lambda: topic not in client.list_topics(timeout=20).topics, "the topic to go")


@case("admin-configs")
def admin_configs():
    client, topic = admin(), unique("configured")
    create(topic, 1, config={"retention.ms": "60000"})
    resource = ConfigResource("topic", topic)
    configs = client.describe_configs([resource])[resource].result(20)
    equal((configs["retention.ms"].value, configs["cleanup.policy"].value), ("60000", "delete"))
    equal((configs["retention.ms"].is_default, configs["cleanup.policy"].is_default), (False, True))


@case("admin-alter-configs")
def admin_alter_configs():
    client, topic = admin(), unique("altered")
    create(topic, 1, config={"retention.ms": "60000"})
    resource = ConfigResource("topic", topic, set_config={"cleanup.policy": "compact"})
    client.alter_configs([resource])[resource].result(20)
    configs = client.describe_configs([resource])[resource].result(20)
    equal((configs["cleanup.policy"].value, configs["retention.ms"].is_default), ("compact", True))


@case("admin-groups")
def admin_groups():
    topic, group = unique("grouped"), unique("workers")
    send_all(topic, [b"1"])
    member = subscribed(topic, group_id=group, client_id="a-member")
    take(member, 1)
    [described] = admin().list_groups(group, timeout=20)
    equal((described.state, described.protocol_type), ("Stable", "consumer"))
    equal([one.client_id for one in described.members], ["a-member"])
    member.close()
    assert group in [one.id for one in admin().list_groups(timeout=20)]


@case("admin-cluster")
def admin_cluster():
    metadata = admin().list_topics(timeout=20)
    equal(list(metadata.brokers), [metadata.controller_id])
    assert metadata.cluster_id
