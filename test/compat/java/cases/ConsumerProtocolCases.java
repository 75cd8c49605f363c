import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;

/** KafkaConsumer with `group.protocol=consumer` (KIP-848), alone and beside the classic protocol. */
final class ConsumerProtocolCases {
  private static final String[] CONSUMER = {"group.protocol", "consumer"};

  private ConsumerProtocolCases() {}

  static void addTo(Harness harness) {
    harness.add("consumer-protocol-pattern", ConsumerProtocolCases::pattern);
    harness.add("consumer-protocol-static-member", ConsumerProtocolCases::staticMember);
    harness.add("consumer-protocol-migration", ConsumerProtocolCases::migration);
  }

  /** The broker resolves the pattern. */
  private static void pattern() throws Exception {
    String prefix = Harness.unique("pattern");
    Clients.send(prefix + "-a", "1");
    Clients.send(prefix + "-b", "2");
    Clients.send(prefix + "x-c", "3");
    String group = Harness.unique("workers");
    try (var consumer = Clients.consumer("group.id", group, "group.protocol", "consumer")) {
      consumer.subscribe(new SubscriptionPattern(prefix + "-[a-z]"));
      List<String> values = new ArrayList<>(Clients.values(Clients.take(consumer, 2)));
      Collections.sort(values);
      Harness.equal(values, List.of("1", "2"));
    }
  }

  /** A static member that comes back has its partitions at once. */
  private static void staticMember() throws Exception {
    String topic = Harness.unique("static");
    String group = Harness.unique("workers");
    Clients.create(topic, 2);
    String[] options = {"group.protocol", "consumer", "group.instance.id", "one"};
    Member first = new Member(topic, group, options);
    first.start();
    Harness.until(() -> first.held().size() == 2, "the first to have all");
    Set<TopicPartition> before = Set.copyOf(first.held());
    first.leave();
    Member again = new Member(topic, group, options);
    again.start();
    Harness.until(() -> again.held().equals(before), "the partitions to come back");
    again.leave();
  }

  /** Member by member to the consumer protocol, and back; every record is read. */
  private static void migration() throws Exception {
    String topic = Harness.unique("moving");
    String group = Harness.unique("workers");
    Clients.create(topic, 4);
    Member classic = new Member(topic, group);
    classic.start();
    Harness.until(() -> classic.held().size() == 4, "the classic member alone");
    send(topic, "a");
    Harness.until(() -> classic.values.size() == 4, "the records of the classic group");
    Member modern = new Member(topic, group, CONSUMER);
    modern.start();
    twoEach(classic, modern);
    Harness.equal(typeOf(group), GroupType.CONSUMER);
    classic.leave();
    Harness.until(() -> modern.held().size() == 4, "the consumer protocol to have all");
    send(topic, "b");
    Member back = new Member(topic, group);
    back.start();
    twoEach(back, modern);
    modern.leave();
    Harness.until(() -> back.held().size() == 4, "the classic protocol to have all");
    Harness.equal(typeOf(group), GroupType.CLASSIC);
    send(topic, "c");
    Set<String> read = new HashSet<>();
    Harness.until(
        () -> {
          for (Member one : List.of(classic, modern, back)) read.addAll(List.copyOf(one.values));
          return read.size() == 12;
        },
        "every record");
    back.leave();
  }

  private static void twoEach(Member one, Member other) throws Exception {
    Harness.until(() -> one.held().size() == 2 && other.held().size() == 2, "two each");
    Harness.check(Collections.disjoint(one.held(), other.held()), "no partition is held twice");
  }

  private static void send(String topic, String what) throws Exception {
    try (var producer = Clients.producer()) {
      for (int partition = 0; partition < 4; partition++) {
        producer.send(new ProducerRecord<>(topic, partition, null, what + partition)).get();
      }
    }
  }

  private static GroupType typeOf(String group) throws Exception {
    try (var admin = Clients.admin()) {
      for (GroupListing one : admin.listGroups().all().get()) {
        if (one.groupId().equals(group)) return one.type().orElseThrow();
      }
    }
    throw new AssertionError("there is no group " + group);
  }
}
