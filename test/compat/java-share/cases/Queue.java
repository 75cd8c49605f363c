import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.SharePartitionOffsetInfo;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;

/** A topic of its own and a share group of its own that reads it. */
record Queue(String topic, String group) {
  private static final Duration MOMENT = Duration.ofMillis(200);

  /** For a member that takes no more than it asks for, batch or not. */
  static String[] atMost(int records) {
    return new String[] {"share.acquire.mode", "record_limit", "max.poll.records", "" + records};
  }

  /** A group that begins with the first record, with these configs besides. */
  static Queue of(int partitions, String... configs) throws Exception {
    Queue queue = bare(partitions);
    queue.configure("share.auto.offset.reset", "earliest");
    queue.configure(configs);
    return queue;
  }

  /** Another group that begins with the first record of the topic. */
  Queue another() throws Exception {
    Queue other = new Queue(topic, Harness.unique("crew"));
    other.configure("share.auto.offset.reset", "earliest");
    return other;
  }

  /** A group with the defaults of its broker. */
  static Queue bare(int partitions) throws Exception {
    Queue queue = new Queue(Harness.unique("jobs"), Harness.unique("crew"));
    Clients.create(queue.topic, partitions);
    return queue;
  }

  void configure(String... pairs) throws Exception {
    if (pairs.length == 0) return;
    List<AlterConfigOp> changes = new ArrayList<>();
    for (int at = 0; at < pairs.length; at += 2) {
      ConfigEntry entry = new ConfigEntry(pairs[at], pairs[at + 1]);
      changes.add(new AlterConfigOp(entry, AlterConfigOp.OpType.SET));
    }
    ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, group);
    try (var admin = Clients.admin()) {
      admin.incrementalAlterConfigs(Map.of(resource, changes)).all().get();
    }
  }

  /** Sends the values as one batch. */
  void send(String... values) throws Exception {
    try (var producer = Clients.producer("linger.ms", "1000")) {
      send(producer, values);
      producer.flush();
    }
  }

  void send(KafkaProducer<String, String> producer, String... values) {
    for (String value : values) producer.send(new ProducerRecord<>(topic, 0, null, value));
  }

  /** Sends these numbers, each in a batch of its own. */
  void sendNumbers(int from, int end) throws Exception {
    try (var producer = Clients.producer()) {
      for (int number = from; number < end; number++) {
        producer.send(new ProducerRecord<>(topic, 0, null, "" + number)).get();
      }
    }
  }

  KafkaShareConsumer<String, String> member(String... options) {
    StringDeserializer strings = new StringDeserializer();
    var properties = Clients.properties("group.id", group);
    properties.putAll(Clients.properties(options));
    var consumer = new KafkaShareConsumer<>(properties, strings, strings);
    consumer.subscribe(Set.of(topic));
    return consumer;
  }

  /** A member that says of each record what became of it. */
  KafkaShareConsumer<String, String> explicit(String... options) {
    List<String> all = new ArrayList<>(List.of("share.acknowledgement.mode", "explicit"));
    all.addAll(Arrays.asList(options));
    return member(all.toArray(String[]::new));
  }

  /** What the next poll that finds something finds. */
  static List<ConsumerRecord<String, String>> next(KafkaShareConsumer<String, String> member)
      throws InterruptedException {
    List<ConsumerRecord<String, String>> records = new ArrayList<>();
    Harness.until(
        () -> {
          member.poll(MOMENT).forEach(records::add);
          return !records.isEmpty();
        },
        "records");
    return records;
  }

  static void nothingFor(Duration time, KafkaShareConsumer<String, String> member) {
    long limit = System.nanoTime() + time.toNanos();
    while (System.nanoTime() < limit) {
      List<String> values = new ArrayList<>();
      member.poll(MOMENT).forEach(record -> values.add(record.value()));
      Harness.equal(values, List.of());
    }
  }

  /** Values and delivery counts. */
  static List<String> told(List<ConsumerRecord<String, String>> records) {
    return records.stream().map(one -> one.value() + " " + one.deliveryCount().get()).toList();
  }

  /** What became of the acknowledgements of the one partition; null: all is well. */
  static KafkaException failureOf(KafkaShareConsumer<String, String> member) {
    Map<?, Optional<KafkaException>> results = member.commitSync();
    Harness.equal(results.size(), 1);
    return results.values().iterator().next().orElse(null);
  }

  static void commit(KafkaShareConsumer<String, String> member) {
    KafkaException failure = failureOf(member);
    if (failure != null) throw failure;
  }

  /** Where the group is in partition 0. Kafka writes down its start later than it moves. */
  SharePartitionOffsetInfo position() throws Exception {
    try (var admin = Clients.admin()) {
      var asked = Map.of(group, new ListShareGroupOffsetsSpec());
      var offsets = admin.listShareGroupOffsets(asked).partitionsToOffsetInfo(group).get();
      return offsets.get(Clients.partition(topic, 0));
    }
  }

  /** How many records are still to be done in partition 0. */
  long lag() throws Exception {
    return position().lag().get();
  }

  /** Waits until nothing is left to do. */
  void done() throws InterruptedException {
    Harness.until(
        () -> {
          try {
            return lag() == 0;
          } catch (Exception failure) {
            throw new IllegalStateException(failure);
          }
        },
        "a lag of 0");
  }
}
