import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;

/** Transactions, as one producer and its readers see them. */
final class TransactionCases {
  private TransactionCases() {}

  static void addTo(Harness harness) {
    harness.add("transactions", TransactionCases::transactions);
    harness.add("transaction-topics", TransactionCases::topics);
    harness.add("transaction-empty", TransactionCases::empty);
    harness.add("transaction-waiting", TransactionCases::waiting);
    harness.add("transaction-end-offsets", TransactionCases::endOffsets);
    harness.add("transaction-offsets", TransactionCases::offsets);
    harness.add("transaction-stable-offsets", TransactionCases::stableOffsets);
    harness.add("transaction-fencing", TransactionCases::fencing);
    harness.add("transaction-timeout", TransactionCases::timeout);
    harness.add("transaction-id-again", TransactionCases::idAgain);
    harness.add("transaction-refused-record", TransactionCases::refusedRecord);
    harness.add("transaction-many", TransactionCases::many);
    harness.add("transaction-wide", TransactionCases::wide);
    harness.add("transaction-restart", TransactionCases::restart);
  }

  /** A producer that has announced itself. */
  static KafkaProducer<String, String> transactional(String id, String... options) {
    List<String> all = new ArrayList<>(List.of("transactional.id", id));
    all.addAll(List.of(options));
    KafkaProducer<String, String> producer = Clients.producer(all.toArray(String[]::new));
    producer.initTransactions();
    return producer;
  }

  /** A consumer that can be closed at once: `close` waits for the fetch under way. */
  static KafkaConsumer<String, String> reader(String isolation, TopicPartition... partitions) {
    var consumer = Clients.consumer("isolation.level", isolation, "fetch.max.wait.ms", "50");
    consumer.assign(List.of(partitions));
    return consumer;
  }

  /** The partition's values as a reader of this kind sees them, up to where it may read. */
  static List<String> read(String isolation, TopicPartition partition) throws Exception {
    try (var consumer = reader(isolation, partition)) {
      long end = consumer.endOffsets(Set.of(partition)).get(partition);
      List<String> values = new ArrayList<>();
      Harness.until(
          () -> {
            values.addAll(Clients.poll(consumer));
            return consumer.position(partition) >= end;
          },
          "the end of " + partition);
      return values;
    }
  }

  static List<String> committed(String topic) throws Exception {
    return read("read_committed", Clients.partition(topic, 0));
  }

  static void send(KafkaProducer<String, String> producer, String topic, String... values)
      throws Exception {
    for (String value : values) producer.send(new ProducerRecord<>(topic, value)).get();
  }

  private static void transactions() throws Exception {
    String topic = Harness.unique("transactional");
    try (var producer = transactional(Harness.unique("id"))) {
      producer.beginTransaction();
      send(producer, topic, "aborted");
      producer.abortTransaction();
      producer.beginTransaction();
      send(producer, topic, "committed");
      producer.commitTransaction();
    }
    try (var consumer = reader("read_committed", Clients.partition(topic, 0))) {
      Harness.equal(Clients.values(Clients.take(consumer, 1)), List.of("committed"));
    }
  }

  /** Every other transaction is aborted; each writes to all partitions of two topics. */
  private static void topics() throws Exception {
    List<TopicPartition> partitions = new ArrayList<>();
    for (String topic : List.of(Harness.unique("orders"), Harness.unique("payments"))) {
      Clients.create(topic, 3);
      for (int number = 0; number < 3; number++) partitions.add(Clients.partition(topic, number));
    }
    try (var producer = transactional(Harness.unique("id"))) {
      for (int number = 0; number < 6; number++) {
        producer.beginTransaction();
        for (TopicPartition one : partitions) {
          producer.send(new ProducerRecord<>(one.topic(), one.partition(), null, "" + number));
        }
        if (number % 2 == 0) producer.commitTransaction();
        else {
          producer.flush(); // what the producer still holds would not be sent
          producer.abortTransaction();
        }
      }
    }
    for (TopicPartition one : partitions) {
      Harness.until(() -> ends(one).equals(List.of(12L, 12L)), "all markers in " + one);
      Harness.equal(read("read_committed", one), List.of("0", "2", "4"));
      Harness.equal(read("read_uncommitted", one), List.of("0", "1", "2", "3", "4", "5"));
    }
  }

  /** The last stable offset and the high watermark. */
  private static List<Long> ends(TopicPartition partition) {
    List<Long> ends = new ArrayList<>();
    for (String isolation : List.of("read_committed", "read_uncommitted")) {
      try (var consumer = reader(isolation, partition)) {
        ends.add(consumer.endOffsets(Set.of(partition)).get(partition));
      }
    }
    return ends;
  }

  private static void empty() throws Exception {
    String topic = Harness.unique("empty");
    try (var producer = transactional(Harness.unique("id"))) {
      producer.beginTransaction();
      producer.commitTransaction();
      producer.beginTransaction();
      producer.abortTransaction();
      producer.beginTransaction();
      send(producer, topic, "first");
      producer.commitTransaction();
      producer.beginTransaction();
      producer.commitTransaction();
    }
    Harness.equal(ends(Clients.partition(topic, 0)), List.of(2L, 2L));
    Harness.equal(committed(topic), List.of("first"));
  }

  /** A reader with a fetch under way gets the records as soon as the transaction ends. */
  private static void waiting() throws Exception {
    TopicPartition partition = Clients.partition(Harness.unique("open"), 0);
    String topic = partition.topic();
    String[] patient = {"isolation.level", "read_committed", "fetch.max.wait.ms", "25000"};
    Clients.send(topic, "before");
    var consumer = Clients.consumer(patient); // not closed: it would wait for its fetch
    consumer.assign(List.of(partition));
    try (var producer = transactional(Harness.unique("id"))) {
      Harness.equal(Clients.values(Clients.take(consumer, 1)), List.of("before"));
      for (boolean commits : List.of(true, false)) {
        producer.beginTransaction();
        send(producer, topic, "inside");
        Clients.send(topic, "outside");
        Harness.equal(pollFor(consumer, 700), List.of());
        Thread end = Harness.inBackground(() -> end(producer, commits));
        List<String> expected = commits ? List.of("inside", "outside") : List.of("outside");
        Harness.equal(pollFor(consumer, expected.size(), 12_000), expected);
        end.join();
      }
    }
  }

  private static void end(KafkaProducer<String, String> producer, boolean commits)
      throws Exception {
    Thread.sleep(300); // the reader is in its fetch by then
    if (commits) producer.commitTransaction();
    else producer.abortTransaction();
  }

  private static List<String> pollFor(KafkaConsumer<String, String> consumer, long millis) {
    return pollFor(consumer, Integer.MAX_VALUE, millis);
  }

  /** What comes until there is as much as wanted, or the time is up. */
  private static List<String> pollFor(
      KafkaConsumer<String, String> consumer, int wanted, long millis) {
    List<String> values = new ArrayList<>();
    long limit = System.nanoTime() + Duration.ofMillis(millis).toNanos();
    while (values.size() < wanted && System.nanoTime() < limit) {
      values.addAll(Clients.poll(consumer));
    }
    return values;
  }

  private static void endOffsets() throws Exception {
    TopicPartition partition = Clients.partition(Harness.unique("ends"), 0);
    Clients.send(partition.topic(), "before");
    try (var producer = transactional(Harness.unique("id"))) {
      producer.beginTransaction();
      send(producer, partition.topic(), "1", "2");
      Harness.equal(ends(partition), List.of(1L, 3L));
      producer.commitTransaction();
      Harness.until(() -> ends(partition).equals(List.of(4L, 4L)), "the marker");
    }
    try (var consumer = reader("read_committed", partition)) {
      Clients.take(consumer, 3);
      Harness.until(
          () -> Clients.poll(consumer).isEmpty() && consumer.position(partition) == 4,
          "the position after the marker");
      Harness.equal(consumer.currentLag(partition).orElse(-1), 0L);
    }
  }

  private static void offsets() throws Exception {
    String topic = Harness.unique("work");
    String group = Harness.unique("workers");
    TopicPartition partition = Clients.partition(topic, 0);
    Clients.send(topic, "0", "1", "2", "3");
    try (var producer = transactional(Harness.unique("id"));
        var consumer = Clients.member(topic, group)) {
      Clients.take(consumer, 4);
      producer.beginTransaction();
      producer.sendOffsetsToTransaction(at(partition, 1), consumer.groupMetadata());
      producer.abortTransaction();
      Harness.equal(consumer.committed(Set.of(partition)).get(partition), null);
      producer.beginTransaction();
      producer.sendOffsetsToTransaction(at(partition, 2), consumer.groupMetadata());
      producer.sendOffsetsToTransaction(at(partition, 3), consumer.groupMetadata());
      producer.commitTransaction();
      OffsetAndMetadata stored = consumer.committed(Set.of(partition)).get(partition);
      Harness.equal(List.of(stored.offset(), stored.metadata()), List.of(3L, "a note"));
    }
    try (var next = Clients.member(topic, group)) {
      Harness.equal(Clients.values(Clients.take(next, 1)), List.of("3"));
    }
  }

  private static Map<TopicPartition, OffsetAndMetadata> at(TopicPartition partition, long offset) {
    return Map.of(partition, new OffsetAndMetadata(offset, "a note"));
  }

  /** While a transaction holds offsets of a group, nobody is told what the group has committed. */
  private static void stableOffsets() throws Exception {
    String topic = Harness.unique("work");
    String group = Harness.unique("workers");
    TopicPartition partition = Clients.partition(topic, 0);
    Clients.send(topic, "0", "1", "2");
    try (var producer = transactional(Harness.unique("id"));
        var consumer = Clients.member(topic, group)) {
      Clients.take(consumer, 3);
      consumer.commitSync(at(partition, 1));
      producer.beginTransaction();
      producer.sendOffsetsToTransaction(at(partition, 2), consumer.groupMetadata());
      Harness.raises(
          TimeoutException.class,
          () -> consumer.committed(Set.of(partition), Duration.ofMillis(500)));
      producer.commitTransaction();
      Harness.equal(consumer.committed(Set.of(partition)).get(partition).offset(), 2L);
    }
  }

  private static void fencing() throws Exception {
    String topic = Harness.unique("fenced");
    String id = Harness.unique("id");
    try (var zombie = transactional(id)) {
      zombie.beginTransaction();
      send(zombie, topic, "zombie");
      try (var heir = transactional(id)) {
        Harness.equal(committed(topic), List.of()); // its transaction was aborted before that
        Harness.raises(ProducerFencedException.class, zombie::commitTransaction);
        Harness.raises(ProducerFencedException.class, zombie::beginTransaction);
        heir.beginTransaction();
        send(heir, topic, "heir");
        heir.commitTransaction();
      }
    }
    Harness.equal(committed(topic), List.of("heir"));
    Harness.equal(
        read("read_uncommitted", Clients.partition(topic, 0)), List.of("zombie", "heir"));
  }

  /** A producer that falls silent in a transaction does not hold up the readers for ever. */
  private static void timeout() throws Exception {
    String topic = Harness.unique("silent");
    try (var silent = transactional(Harness.unique("id"), "transaction.timeout.ms", "1000");
        var consumer = reader("read_committed", Clients.partition(topic, 0))) {
      silent.beginTransaction();
      send(silent, topic, "silent");
      Clients.send(topic, "after");
      Harness.equal(Clients.values(Clients.take(consumer, 1)), List.of("after"));
      ApiException late = Harness.raises(ApiException.class, silent::commitTransaction);
      // the second with KIP-890 on both sides; after either the producer can only be closed
      Set<?> fatal = Set.of(ProducerFencedException.class, InvalidTxnStateException.class);
      Harness.check(fatal.contains(late.getClass()), late.toString());
      Harness.raises(KafkaException.class, silent::abortTransaction);
    }
  }

  /** A client that went away in a transaction and comes back under its id. */
  private static void idAgain() throws Exception {
    String topic = Harness.unique("again");
    String id = Harness.unique("id");
    for (int life = 0; life < 3; life++) {
      var producer = transactional(id);
      producer.beginTransaction();
      send(producer, topic, "committed " + life);
      producer.commitTransaction();
      producer.beginTransaction();
      send(producer, topic, "left open " + life);
      producer.close(Duration.ZERO); // without a word to the coordinator
    }
    transactional(id).close();
    Harness.equal(committed(topic), List.of("committed 0", "committed 1", "committed 2"));
  }

  private static void refusedRecord() throws Exception {
    String topic = Harness.unique("refused");
    try (var producer = transactional(Harness.unique("id"), "max.request.size", "4000000")) {
      producer.beginTransaction();
      send(producer, topic, "before");
      Harness.raises(
          RecordTooLargeException.class, () -> send(producer, topic, "x".repeat(2_000_000)));
      Harness.raises(RecordTooLargeException.class, producer::commitTransaction);
      producer.abortTransaction();
      producer.beginTransaction();
      send(producer, topic, "after");
      producer.commitTransaction();
    }
    Harness.equal(committed(topic), List.of("after"));
  }

  private static void many() throws Exception {
    String topic = Harness.unique("many");
    long start = System.nanoTime();
    try (var producer = transactional(Harness.unique("id"))) {
      for (int number = 0; number < 200; number++) {
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(topic, "" + number));
        producer.commitTransaction();
      }
    }
    long millis = Duration.ofNanos(System.nanoTime() - start).toMillis();
    Harness.note("200 transactions, one after the other, took " + millis + " ms");
    List<String> expected = IntStream.range(0, 200).mapToObj(String::valueOf).toList();
    Harness.equal(committed(topic), expected);
  }

  private static void wide() throws Exception {
    String topic = Harness.unique("wide");
    Clients.create(topic, 50);
    Set<String> expected = new HashSet<>();
    try (var producer = transactional(Harness.unique("id"));
        var consumer = Clients.consumer("isolation.level", "read_committed")) {
      for (int round = 0; round < 3; round++) {
        producer.beginTransaction();
        for (int number = 0; number < 200; number++) {
          String value = round + "-" + number;
          producer.send(new ProducerRecord<>(topic, number % 50, null, value));
          if (round != 1) expected.add(value);
        }
        if (round == 1) producer.abortTransaction();
        else producer.commitTransaction();
      }
      var all = IntStream.range(0, 50).mapToObj(one -> Clients.partition(topic, one)).toList();
      consumer.assign(all);
      Map<String, Integer> seen = new HashMap<>();
      for (ConsumerRecord<String, String> record : Clients.take(consumer, 400)) {
        seen.merge(record.value(), 1, Integer::sum);
      }
      Harness.equal(seen.keySet(), expected);
    }
  }

  /** Transactions that are open while the broker goes away and comes back. */
  private static void restart() throws Exception {
    String topic = Harness.unique("durable");
    try (var commits = transactional(Harness.unique("id"));
        var aborts = transactional(Harness.unique("id"))) {
      for (var producer : List.of(commits, aborts)) producer.beginTransaction();
      send(commits, topic, "committed 1");
      send(aborts, topic, "aborted 1");
      Harness.restartBroker();
      send(aborts, topic, "aborted 2");
      send(commits, topic, "committed 2");
      aborts.abortTransaction();
      commits.commitTransaction();
    }
    Harness.until(
        () -> ends(Clients.partition(topic, 0)).equals(List.of(6L, 6L)), "both markers");
    Harness.equal(committed(topic), List.of("committed 1", "committed 2"));
  }
}
