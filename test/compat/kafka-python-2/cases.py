"""kafka-python 2.0.2, the release Debian ships: probes with ApiVersions v0 and Metadata v0, joins
groups with JoinGroup v2, and takes no option but the address."""

from harness import case, equal, main, unique
from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic
from kafka_python import admin, consumer, send_all, take


@case("admin-configs")
def admin_configs():
    client, topic = admin(), unique("configured")
    client.create_topics([NewTopic(topic, 1, 1, topic_configs={"retention.ms": "60000"})])
    resource = ConfigResource(ConfigResourceType.TOPIC, topic)
    [answer] = client.describe_configs([resource])
    [(code, _, _, name, entries)] = answer.resources
    equal((code, name), (0, topic))
    configs = {entry[0]: entry[1] for entry in entries}
    equal((configs["retention.ms"], configs["cleanup.policy"]), ("60000", "delete"))


@case("admin-groups")
def admin_groups():
    client, topic, group = admin(), unique("grouped"), unique("workers")
    send_all(topic, [b"1", b"2"])
    member = consumer(topic, group_id=group, client_id="a-member")
    take(member, 2)
    member.commit()
    assert (group, "consumer") in client.list_consumer_groups()
    [described] = client.describe_consumer_groups([group])
    equal((described.state, described.protocol_type), ("Stable", "consumer"))
    equal([one.client_id for one in described.members], ["a-member"])
    offsets = client.list_consumer_group_offsets(group)
    equal(offsets[TopicPartition(topic, 0)].offset, 2)
    member.close()
    [(deleted, error)] = client.delete_consumer_groups([group])
    equal((deleted, error.errno), (group, 0))
    assert (group, "consumer") not in client.list_consumer_groups()


@case("admin-cluster")
def admin_cluster():
    cluster = admin().describe_cluster()
    [broker] = cluster["brokers"]
    equal(cluster["controller_id"], broker["node_id"])
    assert cluster["cluster_id"]


main()
