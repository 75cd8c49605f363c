import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** KafkaConsumer without a group: assign, seek, offsets by time. */
final class ConsumerCases {
  private ConsumerCases() {}

  static void addTo(Harness harness) {
    harness.add("offsets-by-time", ConsumerCases::offsetsByTime);
    harness.add("seek", ConsumerCases::seek);
    harness.add("out-of-range", ConsumerCases::outOfRange);
    harness.add("default-consumer", ConsumerCases::defaultConsumer);
    harness.add("long-poll", ConsumerCases::longPoll);
    harness.add("fetch-limits", ConsumerCases::fetchLimits);
    harness.add("topic-recreated", ConsumerCases::topicRecreated);
  }

  private static void offsetsByTime() throws Exception {
    String topic = Harness.unique("timed");
    try (var producer = Clients.producer()) {
      for (long number = 0; number < 5; number++) {
        long timestamp = 1_000_000 + number * 1000;
        producer.send(new ProducerRecord<>(topic, 0, timestamp, null, "" + number)).get();
      }
    }
    TopicPartition partition = Clients.partition(topic, 0);
    try (var consumer = Clients.assigned(topic, 0)) {
      var found = consumer.offsetsForTimes(Map.of(partition, 1_002_500L)).get(partition);
      Harness.equal(List.of(found.offset(), found.timestamp()), List.of(3L, 1_003_000L));
      Harness.equal(consumer.offsetsForTimes(Map.of(partition, 9_000_000L)).get(partition), null);
      Harness.equal(consumer.beginningOffsets(Set.of(partition)), Map.of(partition, 0L));
      Harness.equal(consumer.endOffsets(Set.of(partition)), Map.of(partition, 5L));
      consumer.seek(partition, found.offset());
      Harness.equal(Clients.values(Clients.take(consumer, 2)), List.of("3", "4"));
    }
  }

  private static void seek() throws Exception {
    String topic = Harness.unique("seek");
    Clients.send(topic, "0", "1", "2", "3", "4");
    TopicPartition partition = Clients.partition(topic, 0);
    try (var consumer = Clients.assigned(topic, 0)) {
      consumer.seek(partition, 3);
      Harness.equal(Clients.values(Clients.take(consumer, 2)), List.of("3", "4"));
      consumer.seekToBeginning(Set.of(partition));
      Harness.equal(Clients.take(consumer, 5).get(0).offset(), 0L);
      consumer.seekToEnd(Set.of(partition));
      Harness.equal(consumer.position(partition), 5L);
      consumer.seek(partition, 1_000); // out of range: back to auto.offset.reset
      Harness.equal(Clients.take(consumer, 5).get(0).offset(), 0L);
    }
  }

  private static void outOfRange() throws Exception {
    String topic = Harness.unique("short");
    Clients.send(topic, "0");
    try (var consumer = Clients.consumer("auto.offset.reset", "none")) {
      consumer.assign(Set.of(Clients.partition(topic, 0)));
      consumer.seek(Clients.partition(topic, 0), 7);
      var thrown =
          Harness.raises(
              OffsetOutOfRangeException.class,
              () -> Harness.until(() -> !Clients.poll(consumer).isEmpty(), "the exception"));
      Harness.equal(thrown.offsetOutOfRangePartitions(), Map.of(Clients.partition(topic, 0), 7L));
    }
  }

  /** No options but a group: a consumer of a topic that does not exist yet starts at its end. */
  private static void defaultConsumer() throws Exception {
    String topic = Harness.unique("orders");
    String group = Harness.unique("workers");
    try (var consumer = Clients.member(topic, group, "auto.offset.reset", "latest");
        var producer = Clients.producer()) {
      Harness.until(
          () -> {
            producer.send(new ProducerRecord<>(topic, "hello"));
            return Clients.poll(consumer).contains("hello");
          },
          "a record sent after the consumer was there");
    }
  }

  private static void longPoll() throws Exception {
    String topic = Harness.unique("waiting");
    Clients.send(topic, "first");
    try (var consumer = Clients.consumer("fetch.max.wait.ms", "3000")) {
      consumer.assign(Set.of(Clients.partition(topic, 0)));
      Clients.take(consumer, 1);
      Harness.inBackground(
          () -> {
            Thread.sleep(500);
            Clients.send(topic, "late");
          });
      Harness.equal(Clients.values(Clients.take(consumer, 1)), List.of("late"));
    }
  }

  /** Records larger than every limit of the fetch still arrive, one batch at a time (KIP-74). */
  private static void fetchLimits() throws Exception {
    String topic = Harness.unique("narrow");
    String value = "x".repeat(100_000);
    Clients.send(topic, value, value, value);
    String[] limits = {"fetch.max.bytes", "1000", "max.partition.fetch.bytes", "1000"};
    try (var consumer = Clients.consumer(limits)) {
      consumer.assign(Set.of(Clients.partition(topic, 0)));
      Harness.equal(Clients.values(Clients.take(consumer, 3)), List.of(value, value, value));
    }
  }

  /** A topic that was deleted and created again is another topic, and starts empty. */
  private static void topicRecreated() throws Exception {
    String topic = Harness.unique("phoenix");
    Clients.send(topic, "old", "old");
    try (var admin = Clients.admin();
        var producer = Clients.producer()) {
      producer.send(new ProducerRecord<>(topic, "old")).get();
      admin.deleteTopics(Set.of(topic)).all().get();
      Harness.until(() -> !names(admin).contains(topic), "the topic to go");
      Clients.create(topic, 1);
      Clients.send(topic, "new");
    }
    try (var consumer = Clients.assigned(topic, 0)) {
      Harness.equal(Clients.values(Clients.take(consumer, 1)), List.of("new"));
      Harness.equal(consumer.poll(Duration.ofMillis(300)).count(), 0);
    }
  }

  private static Set<String> names(org.apache.kafka.clients.admin.Admin admin) {
    try {
      return admin.listTopics().names().get();
    } catch (Exception failure) {
      throw new IllegalStateException(failure);
    }
  }
}
