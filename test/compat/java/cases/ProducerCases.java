import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;

/** KafkaProducer with its defaults: idempotent, acks=all, five requests in flight. */
final class ProducerCases {
  private ProducerCases() {}

  static void addTo(Harness harness) {
    harness.add("first-contact", ProducerCases::firstContact);
    harness.add("keys-headers-timestamps", ProducerCases::keysHeadersTimestamps);
    for (String codec : List.of("gzip", "snappy", "lz4", "zstd")) {
      harness.add("compression-" + codec, () -> compression(codec));
    }
    harness.add("idempotent-off", ProducerCases::idempotentOff);
    harness.add("acks-zero", ProducerCases::acksZero);
    harness.add("order", ProducerCases::order);
    harness.add("partitions", ProducerCases::partitions);
    harness.add("many-partitions", ProducerCases::manyPartitions);
    harness.add("large-message", ProducerCases::largeMessage);
    harness.add("too-large-message", ProducerCases::tooLargeMessage);
  }

  private static void firstContact() throws Exception {
    String mark = Harness.unique("order");
    Clients.send("orders", mark);
    try (var consumer = Clients.assigned("orders", 0)) {
      Harness.until(() -> Clients.poll(consumer).contains(mark), "the order");
    }
  }

  private static void keysHeadersTimestamps() throws Exception {
    String topic = Harness.unique("typed");
    var headers = new RecordHeaders();
    headers.add("trace", "1".getBytes(UTF_8)).add("trace", "2".getBytes(UTF_8));
    headers.add(new RecordHeader("bare", (byte[]) null));
    try (var producer = Clients.producer()) {
      var typed = new ProducerRecord<>(topic, 0, 1_700_000_000_123L, "k", "v", headers);
      RecordMetadata sent = producer.send(typed).get();
      Harness.equal(List.of(sent.offset(), sent.timestamp()), List.of(0L, 1_700_000_000_123L));
      producer.send(new ProducerRecord<>(topic, "k", null)).get();
    }
    try (var consumer = Clients.assigned(topic, 0)) {
      List<ConsumerRecord<String, String>> taken = Clients.take(consumer, 2);
      ConsumerRecord<String, String> record = taken.get(0);
      Harness.equal(List.of(record.key(), record.value()), List.of("k", "v"));
      Harness.equal(record.headers(), headers);
      Harness.equal(record.timestamp(), 1_700_000_000_123L);
      Harness.equal(record.timestampType(), TimestampType.CREATE_TIME);
      Harness.equal(taken.get(1).value(), null);
      Harness.equal(taken.get(1).offset(), 1L);
    }
  }

  private static void compression(String codec) throws Exception {
    String topic = Harness.unique(codec);
    List<String> sent = IntStream.range(0, 100).mapToObj(one -> (one + " ").repeat(200)).toList();
    try (var producer = Clients.producer("compression.type", codec, "linger.ms", "50")) {
      sent.forEach(value -> producer.send(new ProducerRecord<>(topic, value)));
    }
    try (var consumer = Clients.assigned(topic, 0)) {
      Harness.equal(Clients.values(Clients.take(consumer, 100)), sent);
    }
  }

  private static void idempotentOff() throws Exception {
    String topic = Harness.unique("plain");
    try (var producer = Clients.producer("enable.idempotence", "false", "acks", "1")) {
      producer.send(new ProducerRecord<>(topic, "1")).get();
    }
    try (var consumer = Clients.assigned(topic, 0)) {
      Harness.equal(Clients.values(Clients.take(consumer, 1)), List.of("1"));
    }
  }

  private static void acksZero() throws Exception {
    String topic = Harness.unique("unacknowledged");
    try (var producer = Clients.producer("acks", "0")) {
      RecordMetadata sent = producer.send(new ProducerRecord<>(topic, "1")).get();
      Harness.check(!sent.hasOffset(), "an unacknowledged record has no offset");
      producer.send(new ProducerRecord<>(topic, "2")).get();
    }
    try (var consumer = Clients.assigned(topic, 0)) {
      Harness.equal(Clients.values(Clients.take(consumer, 2)), List.of("1", "2"));
    }
  }

  private static void order() throws Exception {
    String topic = Harness.unique("ordered");
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    try (var producer = Clients.producer("batch.size", "4096")) {
      for (int number = 0; number < 20_000; number++) {
        sent.add(producer.send(new ProducerRecord<>(topic, String.valueOf(number))));
      }
    }
    for (int number = 0; number < 20_000; number++) {
      Harness.equal(sent.get(number).get().offset(), (long) number);
    }
    try (var consumer = Clients.assigned(topic, 0)) {
      List<String> expected = IntStream.range(0, 20_000).mapToObj(String::valueOf).toList();
      Harness.equal(Clients.values(Clients.take(consumer, 20_000)), expected);
    }
  }

  private static void partitions() throws Exception {
    String topic = Harness.unique("spread");
    Clients.create(topic, 4);
    Map<String, Integer> placed = new HashMap<>();
    try (var producer = Clients.producer()) {
      Harness.equal(producer.partitionsFor(topic).size(), 4);
      for (int number = 0; number < 40; number++) {
        String key = "key-" + number;
        placed.put(key, producer.send(new ProducerRecord<>(topic, key, "v")).get().partition());
      }
      Harness.equal(producer.send(new ProducerRecord<>(topic, 3, "k", "v")).get().partition(), 3);
      String again = "key-7";
      RecordMetadata second = producer.send(new ProducerRecord<>(topic, again, "v")).get();
      Harness.equal(second.partition(), placed.get(again));
    }
    Harness.equal(new HashSet<>(placed.values()), Set.of(0, 1, 2, 3));
    try (var consumer = Clients.assigned(topic, 0, 1, 2, 3)) {
      for (var record : Clients.take(consumer, 42)) {
        if (placed.containsKey(record.key())) {
          Harness.equal(record.partition(), placed.get(record.key()));
        }
      }
    }
  }

  private static void manyPartitions() throws Exception {
    String topic = Harness.unique("wide");
    Clients.create(topic, 50);
    try (var producer = Clients.producer()) {
      for (int number = 0; number < 50; number++) {
        producer.send(new ProducerRecord<>(topic, number, null, String.valueOf(number)));
      }
    }
    try (var consumer = Clients.assigned(topic, IntStream.range(0, 50).toArray())) {
      for (var record : Clients.take(consumer, 50)) {
        Harness.equal(record.value(), String.valueOf(record.partition()));
      }
    }
  }

  private static void largeMessage() throws Exception {
    String topic = Harness.unique("large");
    String value = "x".repeat(900_000);
    Clients.send(topic, value, "small");
    try (var consumer = Clients.assigned(topic, 0)) {
      Harness.equal(Clients.values(Clients.take(consumer, 2)), List.of(value, "small"));
    }
  }

  private static void tooLargeMessage() throws Exception {
    String topic = Harness.unique("too-large");
    try (var producer = Clients.producer("max.request.size", "4000000")) {
      var huge = new ProducerRecord<String, String>(topic, "x".repeat(2_000_000));
      Harness.raises(RecordTooLargeException.class, () -> producer.send(huge).get());
      producer.send(new ProducerRecord<>(topic, "small")).get();
    }
    try (var consumer = Clients.assigned(topic, 0)) {
      Harness.equal(Clients.values(Clients.take(consumer, 1)), List.of("small"));
    }
  }
}
