import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** KafkaConsumer in a group: the classic protocol, which is what its defaults speak. */
final class GroupCases {
  private static final String[] TEN = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

  private GroupCases() {}

  static void addTo(Harness harness) {
    harness.add("group-resume", GroupCases::groupResume);
    harness.add("group-auto-commit", GroupCases::groupAutoCommit);
    harness.add("group-pattern", GroupCases::groupPattern);
    harness.add("group-static-member", GroupCases::groupStaticMember);
    for (String assignor : List.of("Range", "CooperativeSticky")) {
      String name = assignor.equals("Range") ? "group-two-members" : "group-cooperative";
      harness.add(name, () -> twoMembers("partition.assignment.strategy", classOf(assignor)));
    }
    harness.add("group-consumer-protocol", () -> twoMembers("group.protocol", "consumer"));
    harness.add("restart-resume", GroupCases::restartResume);
    harness.add("restart-live-clients", GroupCases::restartLiveClients);
  }

  private static String classOf(String assignor) {
    return "org.apache.kafka.clients.consumer.%sAssignor".formatted(assignor);
  }

  private static void groupResume() throws Exception {
    String topic = Harness.unique("work");
    String group = Harness.unique("workers");
    Clients.send(topic, TEN);
    TopicPartition partition = Clients.partition(topic, 0);
    try (var first = Clients.member(topic, group)) {
      Clients.take(first, 10);
      first.commitSync(Map.of(partition, new OffsetAndMetadata(4, "a note")));
      OffsetAndMetadata stored = first.committed(Set.of(partition)).get(partition);
      Harness.equal(List.of(stored.offset(), stored.metadata()), List.of(4L, "a note"));
    }
    try (var second = Clients.member(topic, group)) {
      Harness.equal(Clients.values(Clients.take(second, 6)), List.of(TEN).subList(4, 10));
    }
  }

  private static void groupAutoCommit() throws Exception {
    String topic = Harness.unique("auto");
    String group = Harness.unique("workers");
    Clients.send(topic, "1", "2");
    try (var first = Clients.member(topic, group, "enable.auto.commit", "true")) {
      Clients.take(first, 2);
    }
    Clients.send(topic, "3");
    try (var second = Clients.member(topic, group)) {
      Harness.equal(Clients.values(Clients.take(second, 1)), List.of("3"));
    }
  }

  private static void groupPattern() throws Exception {
    String prefix = Harness.unique("pattern");
    Clients.send(prefix + "-a", "1");
    Clients.send(prefix + "-b", "2");
    try (var consumer = Clients.consumer("group.id", Harness.unique("workers"))) {
      consumer.subscribe(Pattern.compile(prefix + "-.*"));
      List<String> values = new ArrayList<>(Clients.values(Clients.take(consumer, 2)));
      Collections.sort(values);
      Harness.equal(values, List.of("1", "2"));
    }
  }

  /** A static member that comes back keeps its partitions: nothing is revoked from the other. */
  private static void groupStaticMember() throws Exception {
    String topic = Harness.unique("static");
    String group = Harness.unique("workers");
    Clients.create(topic, 2);
    Member other = new Member(topic, group, "group.instance.id", "two");
    other.start();
    Member first = new Member(topic, group, "group.instance.id", "one");
    first.start();
    Harness.until(() -> first.held().size() == 1 && other.held().size() == 1, "one partition each");
    Set<TopicPartition> before = Set.copyOf(first.held());
    int rebalances = other.rebalances;
    first.leave();
    Member again = new Member(topic, group, "group.instance.id", "one");
    again.start();
    Harness.until(() -> again.held().size() == 1, "the partition to come back");
    Harness.equal(again.held(), before);
    Harness.equal(other.rebalances, rebalances);
    again.leave();
    other.leave();
  }

  private static void twoMembers(String... options) throws Exception {
    String topic = Harness.unique("shared");
    String group = Harness.unique("workers");
    Clients.create(topic, 4);
    Member first = new Member(topic, group, options);
    first.start();
    Harness.until(() -> first.held().size() == 4, "the first member alone");
    Member second = new Member(topic, group, options);
    second.start();
    Harness.until(() -> first.held().size() == 2 && second.held().size() == 2, "two each");
    Harness.check(Collections.disjoint(first.held(), second.held()), "no partition is held twice");
    second.leave();
    Harness.until(() -> first.held().size() == 4, "the rest to come back");
    try (var producer = Clients.producer()) {
      for (int partition = 0; partition < 4; partition++) {
        producer.send(new ProducerRecord<>(topic, partition, null, "" + partition)).get();
      }
    }
    Harness.until(() -> first.values.size() == 4, "a record from each partition");
    Harness.equal(new HashSet<>(first.values), Set.of("0", "1", "2", "3"));
    first.leave();
  }

  private static void restartResume() throws Exception {
    String topic = Harness.unique("durable");
    String group = Harness.unique("workers");
    Clients.send(topic, TEN);
    try (var first = Clients.member(topic, group)) {
      Clients.take(first, 10);
      first.commitSync(Map.of(Clients.partition(topic, 0), new OffsetAndMetadata(6)));
    }
    Harness.restartBroker();
    try (var second = Clients.member(topic, group)) {
      Harness.equal(Clients.values(Clients.take(second, 4)), List.of(TEN).subList(6, 10));
    }
  }

  /** An idempotent producer and a group member that were connected go on by themselves. */
  private static void restartLiveClients() throws Exception {
    String topic = Harness.unique("live");
    String group = Harness.unique("workers");
    try (var producer = Clients.producer();
        var consumer = Clients.member(topic, group)) {
      producer.send(new ProducerRecord<>(topic, "before")).get();
      Harness.equal(Clients.values(Clients.take(consumer, 1)), List.of("before"));
      consumer.commitSync(); // with no broker to reach it may join anew, and starts from here then
      Harness.restartBroker();
      Harness.equal(producer.send(new ProducerRecord<>(topic, "after")).get().offset(), 1L);
      Harness.equal(Clients.values(Clients.take(consumer, 1)), List.of("after"));
      consumer.commitSync();
    }
  }
}
