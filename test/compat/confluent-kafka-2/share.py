"""librdkafka's preview of share consumers (KIP-932), which confluent-kafka brings."""

from confluent import BOOTSTRAP, admin, create, dotted, producer, values_of
from confluent_kafka import AcknowledgeType, IllegalStateException, ShareConsumer
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from harness import case, equal, in_background, raises, restart_broker, unique, until


def crew():
    """A new group that begins with the first record."""
    group, name = unique("crew"), "share.auto.offset.reset"
    entry = ConfigEntry(name, "earliest", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.GROUP, group, incremental_configs=[entry])
    admin().incremental_alter_configs([resource])[resource].result(20)
    return group


def member(topic, group, **options):
    client = ShareConsumer({"bootstrap.servers": BOOTSTRAP, "group.id": group, **dotted(options)})
    client.subscribe([topic])
    return client


def explicit(topic, group):
    return member(topic, group, share_acknowledgement_mode="explicit")


def send_batch(topic, *values, partition=0):
    client = producer(linger_ms=200)
    for value in values:
        client.produce(topic, value, partition=partition)
    equal(client.flush(20), 0)


def poll(client, seconds=0.5):
    messages = list(client.poll(seconds))
    for message in messages:
        assert message.error() is None, message.error()
    return messages


def following(client):
    """What the next poll that finds something finds."""
    return until(lambda: poll(client), "records")


def told(messages):
    """Values and delivery counts."""
    return [(message.value(), message.delivery_count()) for message in messages]


def commit(client):
    equal(list(client.commit_sync(20).values()), [None])


@case("share-implicit")
def share_implicit():
    topic, group = unique("jobs"), crew()
    create(topic, 1)
    send_batch(topic, b"1", b"2")
    with member(topic, group) as first:
        equal(told(following(first)), [(b"1", 1), (b"2", 1)])
        send_batch(topic, b"3")
        equal(told(following(first)), [(b"3", 1)])
        commit(first)
        send_batch(topic, b"4")
        equal(told(following(first)), [(b"4", 1)])
    with member(topic, group) as second:
        equal(told(following(second)), [(b"4", 2)])
        equal(values_of(poll(second, 1)), [])


@case("share-explicit")
def share_explicit():
    topic, group = unique("jobs"), crew()
    create(topic, 1)
    send_batch(topic, b"1", b"2", b"3", b"4")
    with explicit(topic, group) as client:
        messages = following(client)
        equal(told(messages), [(b"%d" % number, 1) for number in (1, 2, 3, 4)])
        client.acknowledge(messages[0])
        client.acknowledge(messages[1], AcknowledgeType.RELEASE)
        client.acknowledge(messages[2], AcknowledgeType.REJECT)
        raises(IllegalStateException, lambda: client.poll(0))
        client.acknowledge_offset(topic, 0, 3, AcknowledgeType.ACCEPT)
        commit(client)
        again = following(client)
        equal(told(again), [(b"2", 2)])
        client.acknowledge(again[0])
        commit(client)
        equal(values_of(poll(client, 1)), [])


@case("share-commit-async")
def share_commit_async():
    topic, group, reports = unique("jobs"), crew(), []
    create(topic, 1)
    send_batch(topic, b"1", b"2")
    with explicit(topic, group) as client:
        client.set_acknowledgement_commit_callback(lambda *report: reports.append(report))
        for message in following(client):
            client.acknowledge(message)
        client.commit_async()
        until(lambda: poll(client, 0.1) or reports, "the callback")
        [(offsets, failure)] = reports
        equal((list(offsets.values()), failure), ([{0, 1}], None))


@case("share-members")
def share_members():
    """Three members on two partitions: each record is for one of them."""
    topic, group, taken, leaving = unique("jobs"), crew(), [], []
    create(topic, 2)

    def work():
        with member(topic, group, max_poll_records=10) as client:
            while not leaving:
                taken.extend(values_of(poll(client, 0.1)))
            client.commit_sync(20)

    threads = [in_background(work) for _ in range(3)]
    for number in range(30):
        values = [b"%d %d" % (number, index) for index in range(10)]
        send_batch(topic, *values, partition=number % 2)
    until(lambda: len(taken) >= 300, "all records")
    leaving.append(True)
    for thread in threads:
        thread.join(20)
    equal((len(taken), len(set(taken))), (300, 300))


@case("share-restart")
def share_restart():
    topic, group = unique("jobs"), crew()
    create(topic, 1)
    send_batch(topic, b"1")
    with explicit(topic, group) as client:
        client.acknowledge(following(client)[0])
        commit(client)
        restart_broker()
        send_batch(topic, b"2")
        messages = following(client)
        equal(values_of(messages), [b"2"])
        client.acknowledge(messages[0])
        commit(client)
        equal(values_of(poll(client, 1)), [])
