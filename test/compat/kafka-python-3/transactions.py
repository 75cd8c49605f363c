"""Transactions with kafka-python 3, whose consumer reads what is uncommitted by default."""

import time

from harness import case, equal, in_background, note, raises, restart_broker, unique, until
from kafka import TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata
from kafka_python import admin, consumer, create, poll, producer, send_all, take, values_of


def transactional(name=None, **options):
    """A producer that has announced itself."""
    client = producer(transactional_id=name or unique("id"), **options)
    client.init_transactions()
    return client


def begin(client, topic, *values):
    """Opens a transaction and writes the values."""
    client.begin_transaction()
    for value in values:
        client.send(topic, value).get(timeout=20)


def reader(topic, partition=0, isolation="read_committed", **options):
    client = consumer(isolation_level=isolation, **options)
    client.assign([TopicPartition(topic, partition)])
    client.seek_to_beginning()
    return client


def read(topic, partition=0, isolation="read_committed"):
    """The values of a partition up to where a reader of this kind may read."""
    client, place = reader(topic, partition, isolation), TopicPartition(topic, partition)
    [end], values = client.end_offsets([place]).values(), []

    def at_the_end():
        if client.position(place) < end:
            batches = client.poll(timeout_ms=200).values()
            values.extend(record.value for batch in batches for record in batch)
        return client.position(place) >= end

    until(at_the_end, "the end of the partition")
    client.close()
    return values


@case("transactions")
def transactions():
    """Every other transaction is aborted; each writes to several partitions of two topics."""
    topics, client = [unique("orders"), unique("payments")], transactional()
    for topic in topics:
        create(topic, 2)
    for number in range(6):
        client.begin_transaction()
        for topic in topics:
            for partition in range(2):
                client.send(topic, b"%d" % number, partition=partition)
        client.flush()
        if number % 2 == 0:
            client.commit_transaction()
        else:
            client.abort_transaction()
    for topic in topics:
        for partition in range(2):
            equal(read(topic, partition), [b"0", b"2", b"4"])
            uncommitted = read(topic, partition, "read_uncommitted")
            equal(uncommitted, [b"0", b"1", b"2", b"3", b"4", b"5"])
    client.close()


@case("transaction-waiting")
def transaction_waiting():
    """A reader with a fetch under way gets the records as the transaction ends."""
    topic, client = unique("open"), transactional()
    send_all(topic, [b"before"])
    waiting = reader(topic, fetch_max_wait_ms=20_000, request_timeout_ms=60_000)
    equal(values_of(take(waiting, 1)), [b"before"])
    for end, expected in (
        (client.commit_transaction, [b"inside", b"outside"]),
        (client.abort_transaction, [b"outside"]),
    ):
        begin(client, topic, b"inside")
        send_all(topic, [b"outside"])
        equal(waiting.poll(timeout_ms=700), {})
        ending, values, limit = in_background(end), [], time.monotonic() + 12
        while len(values) < len(expected) and time.monotonic() < limit:
            values += values_of(poll(waiting))
        equal(values, expected)
        ending.join(10)


@case("transaction-offsets")
def transaction_offsets():
    topic, group, client = unique("work"), unique("workers"), transactional()
    send_all(topic, [b"0", b"1", b"2"])
    member = consumer(topic, group_id=group, enable_auto_commit=False)
    take(member, 3)
    partition = TopicPartition(topic, 0)
    for offset, end in ((1, client.abort_transaction), (2, client.commit_transaction)):
        client.begin_transaction()
        offsets = {partition: OffsetAndMetadata(offset, "", -1)}
        client.send_offsets_to_transaction(offsets, member.group_metadata())
        end()
        equal(member.committed(partition), offset if end == client.commit_transaction else None)
    member.close(autocommit=False)
    equal(values_of(take(consumer(topic, group_id=group), 1)), [b"2"])


@case("transaction-fencing")
def transaction_fencing():
    topic, name = unique("fenced"), unique("id")
    zombie = transactional(name)
    begin(zombie, topic, b"zombie")
    heir = transactional(name)
    equal(read(topic), [])  # its transaction was aborted before that
    raises(KafkaError, zombie.commit_transaction)
    begin(heir, topic, b"heir")
    heir.commit_transaction()
    equal(read(topic), [b"heir"])


@case("transaction-timeout")
def transaction_timeout():
    """A producer that falls silent in a transaction does not hold up the readers for ever."""
    topic, client = unique("silent"), transactional(transaction_timeout_ms=1_000)
    begin(client, topic, b"silent")
    send_all(topic, [b"after"])
    equal(values_of(take(reader(topic), 1)), [b"after"])
    raises(KafkaError, client.commit_transaction)


@case("transaction-id-again")
def transaction_id_again():
    """A client that went away in a transaction and comes back under its name."""
    topic, name = unique("again"), unique("id")
    for life in range(2):
        client = transactional(name)
        begin(client, topic, b"committed %d" % life)
        client.commit_transaction()
        begin(client, topic, b"left open")
    transactional(name)
    equal(read(topic), [b"committed 0", b"committed 1"])


@case("transaction-many")
def transaction_many():
    topic, client, start = unique("many"), transactional(), time.monotonic()
    for number in range(100):
        begin(client, topic, b"%d" % number)
        client.commit_transaction()
    note(f"100 transactions, one after the other, took {time.monotonic() - start:.1f} s")
    equal(read(topic), [b"%d" % number for number in range(100)])


@case("transaction-restart")
def transaction_restart():
    """Transactions that are open while the broker goes away and comes back."""
    topic, commits, aborts = unique("durable"), transactional(), transactional()
    begin(commits, topic, b"committed")
    begin(aborts, topic, b"aborted")
    restart_broker()
    commits.commit_transaction()
    aborts.abort_transaction()
    equal(read(topic), [b"committed"])


@case("admin-transactions")
def admin_transactions():
    topic, name, tools = unique("seen"), unique("id"), admin()
    client, partition = transactional(name), TopicPartition(topic, 0)
    begin(client, topic, b"1")
    described = tools.describe_transactions([name])[name]
    equal((described.state.value, described.topic_partitions), ("Ongoing", {partition}))
    listings = tools.list_transactions(transactional_id_pattern=f"{name}.*").values()
    [[listed]] = [one for one in listings if one]
    equal((listed.transactional_id, listed.producer_id), (name, described.producer_id))
    [writer] = tools.describe_producers([partition])[partition].active_producers
    equal((writer.producer_id, writer.current_transaction_start_offset), (listed.producer_id, 0))
    client.commit_transaction()
