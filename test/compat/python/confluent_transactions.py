"""Transactions with confluent-kafka. librdkafka speaks the oldest version of most of their
requests, in every release of it."""

import time

from confluent import create, producer, send_all, subscribed, take, values_of
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from harness import BOOTSTRAP, case, equal, in_background, note, raises, restart_broker
from harness import unique, until


def transactional(name=None, **options):
    """A producer that has announced itself."""
    client = producer(transactional_id=name or unique("id"), **options)
    client.init_transactions(30)
    return client


def transaction(client, topic, values, partition=-1, ending="commit"):
    """Produces the values in a transaction, which stays open when the ending is empty."""
    client.begin_transaction()
    for value in values:
        client.produce(topic, value, partition=partition)
    equal(client.flush(30), 0)
    if ending == "commit":
        client.commit_transaction(30)
    elif ending == "abort":
        client.abort_transaction(30)


def reader(topic, partition=0, isolation="read_committed", **options):
    client = Consumer({
        "bootstrap.servers": BOOTSTRAP,
        "group.id": unique("readers"),
        "auto.offset.reset": "earliest",
        "isolation.level": isolation,
        "enable.partition.eof": True,
        "fetch.wait.max.ms": 50,
        **options,
    })
    client.assign([TopicPartition(topic, partition, 0)])
    return client


def read(topic, partition=0, isolation="read_committed"):
    """The values of a partition up to where a reader of this kind may read."""
    client, values = reader(topic, partition, isolation), []

    def at_the_end():
        message = client.poll(0.2)
        if message is None:
            return False
        if message.error() is None:
            values.append(message.value())
            return False
        equal(message.error().code(), KafkaError._PARTITION_EOF)
        return True

    until(at_the_end, "the end of the partition", pause=0)
    client.close()
    return values


@case("transactions")
def transactions():
    """Every other transaction is aborted; each writes to several partitions of two topics."""
    topics, client = [unique("orders"), unique("payments")], transactional()
    for topic in topics:
        create(topic, 3)
    for number in range(6):
        client.begin_transaction()
        for topic in topics:
            for partition in range(3):
                client.produce(topic, b"%d" % number, partition=partition)
        equal(client.flush(30), 0)
        if number % 2 == 0:
            client.commit_transaction(30)
        else:
            client.abort_transaction(30)
    for topic in topics:
        for partition in range(3):
            equal(read(topic, partition), [b"0", b"2", b"4"])
            uncommitted = read(topic, partition, "read_uncommitted")
            equal(uncommitted, [b"0", b"1", b"2", b"3", b"4", b"5"])


@case("transaction-empty")
def transaction_empty():
    topic, client = unique("empty"), transactional()
    for values in ([], [b"1"], []):
        for ending in ("commit", "abort"):
            transaction(client, topic, values, ending=ending)
    equal(read(topic), [b"1"])


@case("transaction-waiting")
def transaction_waiting():
    """A reader with a fetch under way gets the records as the transaction ends."""
    topic, client = unique("open"), transactional()
    send_all(topic, [b"before"])
    patient = {"fetch.wait.max.ms": 20_000, "socket.timeout.ms": 60_000}
    waiting = reader(topic, **patient, **{"enable.partition.eof": False})
    equal(values_of(take(waiting, 1)), [b"before"])
    for end, expected in (("commit", [b"inside", b"outside"]), ("abort", [b"outside"])):
        transaction(client, topic, [b"inside"], ending="")
        send_all(topic, [b"outside"])
        equal(waiting.consume(num_messages=1, timeout=0.7), [])
        ends = client.commit_transaction if end == "commit" else client.abort_transaction
        in_background(lambda: (time.sleep(0.3), ends(30)))
        messages = waiting.consume(num_messages=len(expected), timeout=10)
        equal(values_of(messages), expected)
        time.sleep(0.1)  # the other thread has left the client by then


@case("transaction-offsets")
def transaction_offsets():
    topic, group, client = unique("work"), unique("workers"), transactional()
    send_all(topic, [b"0", b"1", b"2"])
    member = subscribed(topic, group_id=group, enable_auto_commit=False)
    take(member, 3)

    def committed():
        [stored] = member.committed([TopicPartition(topic, 0)], timeout=20)
        return stored.offset

    for offset, end in ((1, client.abort_transaction), (2, client.commit_transaction)):
        client.begin_transaction()
        at = [TopicPartition(topic, 0, offset)]
        client.send_offsets_to_transaction(at, member.consumer_group_metadata(), 30)
        end(30)
        equal(committed(), offset if end == client.commit_transaction else -1001)
    member.close()
    equal(values_of(take(subscribed(topic, group_id=group), 1)), [b"2"])


def fatal(function):
    """The code of the error after which the producer can only be closed."""
    error = raises(KafkaException, function).args[0]
    assert error.fatal(), error
    return error.code()


@case("transaction-fencing")
def transaction_fencing():
    topic, name = unique("fenced"), unique("id")
    zombie = transactional(name)
    transaction(zombie, topic, [b"zombie"], ending="")
    heir = transactional(name)
    equal(read(topic), [])  # its transaction was aborted before that
    equal(fatal(lambda: zombie.commit_transaction(30)), KafkaError._FENCED)
    transaction(heir, topic, [b"heir"])
    equal(read(topic), [b"heir"])


@case("transaction-timeout")
def transaction_timeout():
    """A producer that falls silent in a transaction does not hold up the readers for ever."""
    topic, client = unique("silent"), transactional(transaction_timeout_ms=1_000)
    create(topic, 1)  # or the time is up before the client has found it
    transaction(client, topic, [b"silent"], ending="")
    send_all(topic, [b"after"])
    late = reader(topic, **{"enable.partition.eof": False})
    equal(values_of(take(late, 1)), [b"after"])
    fatal(lambda: client.commit_transaction(30))


@case("transaction-id-again")
def transaction_id_again():
    """A client that went away in a transaction and comes back under its name."""
    topic, name = unique("again"), unique("id")
    for life in range(2):
        client = transactional(name)
        transaction(client, topic, [b"committed %d" % life])
        transaction(client, topic, [b"left open"], ending="")
        del client
    transactional(name)
    equal(read(topic), [b"committed 0", b"committed 1"])


@case("transaction-many")
def transaction_many():
    topic, client, start = unique("many"), transactional(), time.monotonic()
    for number in range(100):
        transaction(client, topic, [b"%d" % number])
    note(f"100 transactions, one after the other, took {time.monotonic() - start:.1f} s")
    equal(read(topic), [b"%d" % number for number in range(100)])


@case("transaction-wide")
def transaction_wide():
    topic, client = unique("wide"), transactional()
    create(topic, 50)
    client.begin_transaction()
    for number in range(50):
        client.produce(topic, b"%d" % number, partition=number)
    client.commit_transaction(30)
    taken = take(subscribed(topic), 50)
    equal({int(one.value()): one.partition() for one in taken}, {n: n for n in range(50)})


@case("transaction-restart")
def transaction_restart():
    """Transactions that are open while the broker goes away and comes back."""
    topic, soon = unique("durable"), {"reconnect_backoff_max_ms": 500}
    commits, aborts = transactional(**soon), transactional(**soon)
    transaction(commits, topic, [b"committed"], ending="")
    transaction(aborts, topic, [b"aborted"], ending="")
    restart_broker()
    commits.commit_transaction(30)
    aborts.abort_transaction(30)
    equal(read(topic), [b"committed"])
