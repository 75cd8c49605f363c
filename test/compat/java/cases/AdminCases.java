import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** The Admin client: topics, configs, groups and offsets. */
final class AdminCases {
  private AdminCases() {}

  private interface AdminCase {
    void run(Admin admin) throws Exception;
  }

  static void addTo(Harness harness) {
    add(harness, "admin-create-topics", AdminCases::createTopics);
    add(harness, "admin-describe-topics", AdminCases::describeTopics);
    add(harness, "admin-create-partitions", AdminCases::createPartitions);
    add(harness, "admin-delete-topics", AdminCases::deleteTopics);
    add(harness, "admin-cluster", AdminCases::cluster);
    add(harness, "admin-configs", AdminCases::configs);
    add(harness, "admin-broker-configs", AdminCases::brokerConfigs);
    add(harness, "admin-list-offsets", AdminCases::listOffsets);
    add(harness, "admin-groups", AdminCases::groups);
    add(harness, "admin-group-offsets", AdminCases::groupOffsets);
    add(harness, "admin-delete-groups", AdminCases::deleteGroups);
    add(harness, "admin-delete-group-offsets", AdminCases::deleteGroupOffsets);
    add(harness, "admin-alter-configs", AdminCases::alterConfigs);
    add(harness, "admin-delete-records", AdminCases::deleteRecords);
  }

  private static void add(Harness harness, String name, AdminCase body) {
    harness.add(
        name,
        () -> {
          try (Admin admin = Clients.admin()) {
            body.run(admin);
          }
        });
  }

  private static NewTopic topic(String name, int partitions) {
    return new NewTopic(name, partitions, (short) 1);
  }

  private static void createTopics(Admin admin) throws Exception {
    String name = Harness.unique("created");
    NewTopic wanted = topic(name, 3).configs(Map.of("retention.ms", "60000"));
    CreateTopicsOptions dry = new CreateTopicsOptions().validateOnly(true);
    admin.createTopics(Set.of(wanted), dry).all().get();
    Harness.check(!admin.listTopics().names().get().contains(name), "validateOnly creates nothing");
    var created = admin.createTopics(Set.of(wanted));
    Harness.equal(created.numPartitions(name).get(), 3);
    Harness.equal(created.replicationFactor(name).get(), 1);
    Harness.equal(created.config(name).get().get("retention.ms").value(), "60000");
    Harness.check(!created.topicId(name).get().equals(Uuid.ZERO_UUID), "a topic has an id");
    refused(TopicExistsException.class, admin, topic(name, 1));
    refused(InvalidTopicException.class, admin, topic("no spaces", 1));
    refused(InvalidPartitionsException.class, admin, topic(Harness.unique("none"), 0));
    NewTopic odd = topic(Harness.unique("odd"), 1).configs(Map.of("no.such.config", "1"));
    refused(InvalidConfigurationException.class, admin, odd);
    NewTopic defaults =
        new NewTopic(
            Harness.unique("defaults"), java.util.Optional.empty(), java.util.Optional.empty());
    Harness.equal(admin.createTopics(Set.of(defaults)).numPartitions(defaults.name()).get(), 1);
  }

  private static void refused(Class<? extends Throwable> error, Admin admin, NewTopic topic) {
    Harness.raises(error, () -> admin.createTopics(Set.of(topic)).all().get());
  }

  private static void describeTopics(Admin admin) throws Exception {
    String name = Harness.unique("described");
    Uuid id = admin.createTopics(Set.of(topic(name, 3))).topicId(name).get();
    Node broker = admin.describeCluster().nodes().get().iterator().next();
    TopicDescription byName = admin.describeTopics(Set.of(name)).allTopicNames().get().get(name);
    Harness.equal(byName.topicId(), id);
    Harness.equal(byName.isInternal(), false);
    Harness.equal(byName.partitions().size(), 3);
    for (int number = 0; number < 3; number++) {
      var partition = byName.partitions().get(number);
      Harness.equal(partition.partition(), number);
      Harness.equal(partition.leader(), broker);
      Harness.equal(partition.replicas(), List.of(broker));
      Harness.equal(partition.isr(), List.of(broker));
    }
    var ids = TopicCollection.ofTopicIds(Set.of(id));
    Harness.equal(admin.describeTopics(ids).allTopicIds().get().get(id).name(), name);
    Harness.raises(
        UnknownTopicOrPartitionException.class,
        () -> admin.describeTopics(Set.of(Harness.unique("absent"))).allTopicNames().get());
    var unknown = TopicCollection.ofTopicIds(Set.of(Uuid.randomUuid()));
    Harness.raises(
        UnknownTopicIdException.class, () -> admin.describeTopics(unknown).allTopicIds().get());
  }

  private static void createPartitions(Admin admin) throws Exception {
    String name = Harness.unique("growing");
    admin.createTopics(Set.of(topic(name, 1))).all().get();
    admin.createPartitions(Map.of(name, NewPartitions.increaseTo(4))).all().get();
    var described = admin.describeTopics(Set.of(name)).allTopicNames().get().get(name);
    Harness.equal(described.partitions().size(), 4);
    var fewer = Map.of(name, NewPartitions.increaseTo(2));
    Harness.raises(
        InvalidPartitionsException.class, () -> admin.createPartitions(fewer).all().get());
    try (var producer = Clients.producer()) {
      producer.send(new ProducerRecord<>(name, 3, null, "v")).get();
    }
    try (var consumer = Clients.assigned(name, 3)) {
      Harness.equal(Clients.values(Clients.take(consumer, 1)), List.of("v"));
    }
  }

  private static void deleteTopics(Admin admin) throws Exception {
    String first = Harness.unique("deleted");
    String second = Harness.unique("deleted");
    admin.createTopics(Set.of(topic(first, 1))).all().get();
    Uuid id = admin.createTopics(Set.of(topic(second, 1))).topicId(second).get();
    admin.deleteTopics(Set.of(first)).all().get();
    admin.deleteTopics(TopicCollection.ofTopicIds(Set.of(id))).all().get();
    Harness.until(() -> get(admin).stream().noneMatch(Set.of(first, second)::contains), "deletion");
    Harness.raises(
        UnknownTopicOrPartitionException.class,
        () -> admin.deleteTopics(Set.of(first)).all().get());
  }

  private static Set<String> get(Admin admin) {
    try {
      return admin.listTopics().names().get();
    } catch (InterruptedException | ExecutionException failure) {
      throw new IllegalStateException(failure);
    }
  }

  private static void cluster(Admin admin) throws Exception {
    var cluster = admin.describeCluster();
    Harness.equal(cluster.nodes().get().size(), 1);
    Harness.equal(cluster.nodes().get().iterator().next().host().isEmpty(), false);
    Harness.check(cluster.nodes().get().contains(cluster.controller().get()), "the controller");
    Harness.equal(cluster.clusterId().get().length(), 22);
  }

  private static Config config(Admin admin, ConfigResource resource) throws Exception {
    return admin.describeConfigs(Set.of(resource)).all().get().get(resource);
  }

  private static void configs(Admin admin) throws Exception {
    String name = Harness.unique("configured");
    Clients.create(name, 1, Map.of("retention.ms", "60000"));
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, name);
    Config config = config(admin, resource);
    ConfigEntry retention = config.get("retention.ms");
    Harness.equal(retention.value(), "60000");
    Harness.equal(retention.source(), ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG);
    Harness.equal(retention.type(), ConfigEntry.ConfigType.LONG);
    ConfigEntry policy = config.get("cleanup.policy");
    Harness.equal(policy.value(), "delete");
    Harness.equal(policy.source(), ConfigEntry.ConfigSource.DEFAULT_CONFIG);
    Harness.equal(config.get("max.message.bytes").value(), "1048588");
    var absent = new ConfigResource(ConfigResource.Type.TOPIC, Harness.unique("absent"));
    Harness.raises(UnknownTopicOrPartitionException.class, () -> config(admin, absent));
  }

  private static void brokerConfigs(Admin admin) throws Exception {
    String id = admin.describeCluster().controller().get().idString();
    Config config = config(admin, new ConfigResource(ConfigResource.Type.BROKER, id));
    Harness.equal(config.get("num.partitions").value(), "1");
    Harness.equal(config.get("auto.create.topics.enable").value(), "true");
  }

  private static void listOffsets(Admin admin) throws Exception {
    String name = Harness.unique("ends");
    TopicPartition partition = Clients.partition(name, 0);
    Clients.create(name, 1);
    Harness.equal(offset(admin, partition, OffsetSpec.maxTimestamp()), -1L);
    try (var producer = Clients.producer()) {
      for (long timestamp : new long[] {5_000, 9_000, 7_000}) {
        producer.send(new ProducerRecord<>(name, 0, timestamp, null, "v")).get();
      }
    }
    Harness.equal(offset(admin, partition, OffsetSpec.earliest()), 0L);
    Harness.equal(offset(admin, partition, OffsetSpec.latest()), 3L);
    Harness.equal(offset(admin, partition, OffsetSpec.maxTimestamp()), 1L);
    Harness.equal(offset(admin, partition, OffsetSpec.forTimestamp(6_000)), 1L);
    Harness.equal(offset(admin, partition, OffsetSpec.forTimestamp(10_000)), -1L);
    Harness.equal(offset(admin, partition, OffsetSpec.earliestLocal()), 0L);
    Harness.equal(offset(admin, partition, OffsetSpec.latestTiered()), -1L);
  }

  private static long offset(Admin admin, TopicPartition partition, OffsetSpec spec)
      throws Exception {
    return admin.listOffsets(Map.of(partition, spec)).partitionResult(partition).get().offset();
  }

  private static void groups(Admin admin) throws Exception {
    String name = Harness.unique("grouped");
    String group = Harness.unique("workers");
    Clients.send(name, "1");
    try (var member = Clients.member(name, group, "client.id", "a-member")) {
      Clients.take(member, 1);
      member.commitSync();
      Harness.equal(listed(admin, group).groupState().get(), GroupState.STABLE);
      ConsumerGroupDescription described = describe(admin, group);
      Harness.equal(described.groupState(), GroupState.STABLE);
      Harness.equal(described.partitionAssignor(), "range");
      Harness.equal(described.coordinator(), admin.describeCluster().controller().get());
      MemberDescription one = described.members().iterator().next();
      Harness.equal(one.clientId(), "a-member");
      Harness.equal(one.assignment().topicPartitions(), Set.of(Clients.partition(name, 0)));
    }
    Harness.until(() -> state(admin, group) == GroupState.EMPTY, "the group to be empty");
    var stable = ListGroupsOptions.forConsumerGroups().inGroupStates(Set.of(GroupState.STABLE));
    Set<String> ids =
        admin.listGroups(stable).all().get().stream()
            .map(GroupListing::groupId)
            .collect(Collectors.toSet());
    Harness.check(!ids.contains(group), "an empty group is not stable");
    Harness.raises(
        GroupIdNotFoundException.class, () -> describe(admin, Harness.unique("absent")));
  }

  private static GroupListing listed(Admin admin, String group) throws Exception {
    return admin.listGroups().all().get().stream()
        .filter(one -> one.groupId().equals(group))
        .findFirst()
        .orElseThrow();
  }

  private static ConsumerGroupDescription describe(Admin admin, String group) throws Exception {
    return admin.describeConsumerGroups(Set.of(group)).all().get().get(group);
  }

  private static GroupState state(Admin admin, String group) {
    try {
      return describe(admin, group).groupState();
    } catch (Exception failure) {
      throw new IllegalStateException(failure);
    }
  }

  private static void groupOffsets(Admin admin) throws Exception {
    String name = Harness.unique("rewound");
    String group = Harness.unique("workers");
    Clients.send(name, "0", "1", "2");
    TopicPartition partition = Clients.partition(name, 0);
    var wanted = Map.of(partition, new OffsetAndMetadata(1, "set by an operator"));
    admin.alterConsumerGroupOffsets(group, wanted).all().get();
    var stored = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    Harness.equal(stored.keySet(), Set.of(partition));
    Harness.equal(stored.get(partition).offset(), 1L);
    Harness.equal(stored.get(partition).metadata(), "set by an operator");
    try (var member = Clients.member(name, group)) {
      Harness.equal(Clients.values(Clients.take(member, 2)), List.of("1", "2"));
    }
  }

  private static void deleteGroups(Admin admin) throws Exception {
    String name = Harness.unique("grouped");
    String group = Harness.unique("workers");
    Clients.send(name, "1");
    try (var member = Clients.member(name, group)) {
      Clients.take(member, 1);
      member.commitSync();
      Harness.raises(
          GroupNotEmptyException.class,
          () -> admin.deleteConsumerGroups(Set.of(group)).all().get());
    }
    admin.deleteConsumerGroups(Set.of(group)).all().get();
    Harness.raises(
        GroupIdNotFoundException.class,
        () -> admin.deleteConsumerGroups(Set.of(group)).all().get());
    try (var member = Clients.member(name, group)) {
      Harness.equal(Clients.values(Clients.take(member, 1)), List.of("1"));
    }
  }

  private static void deleteGroupOffsets(Admin admin) throws Exception {
    String name = Harness.unique("forgotten");
    String group = Harness.unique("workers");
    Clients.send(name, "1");
    TopicPartition partition = Clients.partition(name, 0);
    var wanted = Map.of(partition, new OffsetAndMetadata(1));
    admin.alterConsumerGroupOffsets(group, wanted).all().get();
    admin.deleteConsumerGroupOffsets(group, Set.of(partition)).all().get();
    var stored = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    Harness.equal(stored, Map.of());
  }

  private static void alterConfigs(Admin admin) throws Exception {
    String name = Harness.unique("altered");
    Clients.create(name, 1);
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, name);
    ConfigEntry entry = new ConfigEntry("retention.ms", "1234");
    var set = List.of(new AlterConfigOp(entry, AlterConfigOp.OpType.SET));
    admin.incrementalAlterConfigs(Map.of(resource, set)).all().get();
    Harness.equal(config(admin, resource).get("retention.ms").value(), "1234");
  }

  private static void deleteRecords(Admin admin) throws Exception {
    String name = Harness.unique("trimmed");
    Clients.send(name, "0", "1", "2");
    TopicPartition partition = Clients.partition(name, 0);
    var before = Map.of(partition, RecordsToDelete.beforeOffset(2));
    Harness.equal(
        admin.deleteRecords(before).lowWatermarks().get(partition).get().lowWatermark(), 2L);
    try (var consumer = Clients.assigned(name, 0)) {
      Harness.equal(Clients.values(Clients.take(consumer, 1)), List.of("2"));
    }
  }
}
