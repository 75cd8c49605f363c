"""confluent-kafka 2 with the newest librdkafka: topic ids, the newest version of every API, and a
Metadata request with bytes left over at its end."""

import confluent_transactions  # noqa: F401  (the cases)
import share  # noqa: F401  (the cases)
from confluent import Member, admin, create, producer
from confluent_kafka import KafkaException
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource
from harness import case, equal, main, raises, unique, until


def change(operation, name, value=None):
    return ConfigEntry(name, value, incremental_operation=operation)


@case("admin-incremental-alter-configs")
def admin_incremental_alter_configs():
    client, topic = admin(), unique("altered")
    create(topic, 1, config={"retention.ms": "60000"})
    changes = [
        change(AlterConfigOpType.APPEND, "cleanup.policy", "compact"),
        change(AlterConfigOpType.DELETE, "retention.ms"),
        change(AlterConfigOpType.SET, "segment.ms", "1000"),
    ]
    resource = ConfigResource("topic", topic, incremental_configs=changes)
    client.incremental_alter_configs([resource])[resource].result(20)
    configs = client.describe_configs([resource])[resource].result(20)
    equal((configs["cleanup.policy"].value, configs["segment.ms"].value), ("delete,compact", "1000"))
    equal(configs["retention.ms"].is_default, True)
    bad = [change(AlterConfigOpType.SET, "segment.ms", "soon")]
    refused = ConfigResource("topic", topic, incremental_configs=bad)
    future = client.incremental_alter_configs([refused])[refused]
    raises(KafkaException, lambda: future.result(20))


@case("group-consumer-protocol")
def group_consumer_protocol():
    topic, group = unique("shared"), unique("workers")
    create(topic, 4)
    first = Member(topic, group, group_protocol="consumer")
    until(lambda: len(first.assignment) == 4, "the first member alone")
    second = Member(topic, group, group_protocol="consumer")
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


main()
