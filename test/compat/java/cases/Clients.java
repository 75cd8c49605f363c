import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** How the cases get a producer, a consumer, a topic; all with the client's own defaults. */
final class Clients {
  private Clients() {}

  static Properties properties(String... pairs) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", Harness.bootstrap);
    for (int at = 0; at < pairs.length; at += 2) properties.put(pairs[at], pairs[at + 1]);
    return properties;
  }

  static Admin admin() {
    return Admin.create(properties());
  }

  static KafkaProducer<String, String> producer(String... options) {
    StringSerializer strings = new StringSerializer();
    return new KafkaProducer<>(properties(options), strings, strings);
  }

  /** A consumer that starts at the beginning, unless an option says otherwise. */
  static KafkaConsumer<String, String> consumer(String... options) {
    Properties properties = properties("auto.offset.reset", "earliest");
    properties.putAll(properties(options));
    StringDeserializer strings = new StringDeserializer();
    return new KafkaConsumer<>(properties, strings, strings);
  }

  static KafkaConsumer<String, String> assigned(String topic, int... partitions) {
    KafkaConsumer<String, String> consumer = consumer();
    consumer.assign(Arrays.stream(partitions).mapToObj(one -> partition(topic, one)).toList());
    return consumer;
  }

  static KafkaConsumer<String, String> member(String topic, String group, String... options) {
    List<String> all = new ArrayList<>(List.of("group.id", group, "enable.auto.commit", "false"));
    all.addAll(List.of(options));
    KafkaConsumer<String, String> consumer = consumer(all.toArray(String[]::new));
    consumer.subscribe(Set.of(topic));
    return consumer;
  }

  static TopicPartition partition(String topic, int partition) {
    return new TopicPartition(topic, partition);
  }

  static void create(String topic, int partitions, Map<String, String> configs) throws Exception {
    try (Admin admin = admin()) {
      NewTopic wanted = new NewTopic(topic, partitions, (short) 1).configs(configs);
      admin.createTopics(Set.of(wanted)).all().get();
    }
  }

  static void create(String topic, int partitions) throws Exception {
    create(topic, partitions, Map.of());
  }

  static void send(String topic, String... values) throws Exception {
    try (var producer = producer()) {
      for (String value : values) producer.send(new ProducerRecord<>(topic, value)).get();
    }
  }

  /** The next records of a consumer, at least `count` of them. */
  static List<ConsumerRecord<String, String>> take(KafkaConsumer<String, String> from, int count)
      throws InterruptedException {
    List<ConsumerRecord<String, String>> taken = new ArrayList<>();
    Harness.until(
        () -> {
          from.poll(Duration.ofMillis(200)).forEach(taken::add);
          return taken.size() >= count;
        },
        count + " records");
    Harness.equal(taken.size(), count);
    return taken;
  }

  /** One poll, as a list of values. */
  static List<String> poll(KafkaConsumer<String, String> consumer) {
    List<String> values = new ArrayList<>();
    consumer.poll(Duration.ofMillis(200)).forEach(record -> values.add(record.value()));
    return values;
  }

  static List<String> values(List<ConsumerRecord<String, String>> records) {
    return records.stream().map(ConsumerRecord::value).toList();
  }
}
