"""kafka-python 3: the newest versions of every API, an idempotent producer by default, and an admin
client that answers in plain dictionaries."""

import transactions  # noqa: F401  (the cases)
from harness import case, equal, main, unique
from kafka import OffsetSpec, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic
from kafka.structs import OffsetAndMetadata
from kafka_python import admin, consumer, producer, send_all, take, values_of


@case("idempotent-off")
def idempotent_off():
    topic = unique("plain")
    send_all(topic, [b"1", b"2"], enable_idempotence=False)
    equal(values_of(take(consumer(topic), 2)), [b"1", b"2"])


@case("admin-configs")
def admin_configs():
    client, topic = admin(), unique("configured")
    client.create_topics([NewTopic(topic, 1, 1, topic_configs={"retention.ms": "60000"})])
    resource = ConfigResource(ConfigResourceType.TOPIC, topic)
    configs = client.describe_configs([resource], config_filter="all")["topic"][topic]
    retention, policy = configs["retention.ms"], configs["cleanup.policy"]
    equal((retention["value"], retention["config_source"]), ("60000", "DYNAMIC_TOPIC_CONFIG"))
    equal((policy["value"], policy["config_source"]), ("delete", "DEFAULT_CONFIG"))


@case("admin-groups")
def admin_groups():
    client, topic, group = admin(), unique("grouped"), unique("workers")
    send_all(topic, [b"1", b"2"])
    member = consumer(topic, group_id=group, client_id="a-member")
    take(member, 2)
    member.commit()
    [listed] = [one for one in client.list_groups() if one["group_id"] == group]
    equal((listed["protocol_type"], listed["group_state"]), ("consumer", "Stable"))
    described = client.describe_groups([group])[group]
    equal((described["group_state"], described["protocol_data"]), ("Stable", "range"))
    [one] = described["members"]
    equal(one["client_id"], "a-member")
    equal(one["member_assignment"]["assigned_partitions"], [{"topic": topic, "partitions": [0]}])
    offsets = client.list_group_offsets(group)[group]
    equal(offsets[TopicPartition(topic, 0)].offset, 2)
    member.close()
    equal(client.delete_groups([group]), {group: "OK"})
    assert group not in [one["group_id"] for one in client.list_groups()]


@case("admin-alter-offsets")
def admin_alter_offsets():
    """Committing for a group that has no members, as a reset of its offsets does."""
    client, topic, group = admin(), unique("rewound"), unique("workers")
    send_all(topic, [b"%d" % number for number in range(5)])
    partition = TopicPartition(topic, 0)
    client.alter_group_offsets(group, {partition: OffsetAndMetadata(3, "", -1)})
    equal(values_of(take(consumer(topic, group_id=group), 2)), [b"3", b"4"])


@case("admin-offsets")
def admin_offsets():
    client, topic = admin(), unique("ends")
    writer = producer()
    for timestamp in (5_000, 9_000, 7_000):
        writer.send(topic, b"v", timestamp_ms=timestamp).get(timeout=10)
    partition = TopicPartition(topic, 0)

    def offset(spec):
        return client.list_partition_offsets({partition: spec})[partition].offset

    equal(offset(OffsetSpec.EARLIEST), 0)
    equal(offset(OffsetSpec.LATEST), 3)
    equal(offset(OffsetSpec.MAX_TIMESTAMP), 1)


@case("admin-cluster")
def admin_cluster():
    cluster = admin().describe_cluster()
    [broker] = cluster["brokers"]
    equal(cluster["controller_id"], broker["broker_id"])
    assert cluster["cluster_id"]


main()
