import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;

/** Which records a member is given, and how many at a time. */
final class DeliveryCases {
  private static final Duration A_WHILE = Duration.ofMillis(1500);

  private DeliveryCases() {}

  static void addTo(Harness harness) {
    harness.add("share-acquire-modes", DeliveryCases::acquireModes);
    harness.add("share-lock-limit", DeliveryCases::lockLimit);
    harness.add("share-read-uncommitted", DeliveryCases::readUncommitted);
    harness.add("share-read-committed", DeliveryCases::readCommitted);
    harness.add("share-delete-records", DeliveryCases::deleteRecords);
    harness.add("share-long-poll", DeliveryCases::longPoll);
    harness.add("share-large-records", DeliveryCases::largeRecords);
  }

  /** A batch is given whole, unless the member insists on its limit. */
  private static void acquireModes() throws Exception {
    Queue queue = Queue.of(1);
    Queue other = queue.another();
    queue.send("1", "2", "3");
    try (var strict = queue.explicit(Queue.atMost(2));
        var whole = other.explicit("max.poll.records", "2")) {
      Harness.equal(Queue.told(Queue.next(strict)), List.of("1 1", "2 1"));
      Harness.equal(Queue.told(Queue.next(whole)), List.of("1 1", "2 1", "3 1"));
    }
  }

  /** So many records are in the hands of members, and no more. */
  private static void lockLimit() throws Exception {
    Queue queue = Queue.of(1, "share.partition.max.record.locks", "100");
    queue.sendNumbers(0, 250);
    List<KafkaShareConsumer<String, String>> members = new ArrayList<>();
    List<ConsumerRecord<String, String>> held = new ArrayList<>();
    try {
      members.add(queue.explicit(Queue.atMost(500)));
      held.addAll(Queue.next(members.get(0)));
      Harness.equal(held.size(), 100);
      members.add(queue.explicit(Queue.atMost(500)));
      Queue.nothingFor(A_WHILE, members.get(1));
      for (ConsumerRecord<String, String> one : held) members.get(0).acknowledge(one);
      Queue.commit(members.get(0));
      List<ConsumerRecord<String, String>> next = Queue.next(members.get(1));
      Harness.check(next.get(0).offset() >= 100, "it was accepted before");
    } finally {
      members.forEach(KafkaShareConsumer::close);
    }
  }

  private static void readUncommitted() throws Exception {
    Queue queue = Queue.of(1);
    try (var producer = transactional()) {
      transact(queue, producer, false, "aborted");
      transact(queue, producer, true, "committed");
    }
    try (var member = queue.member()) {
      List<String> values = new ArrayList<>();
      while (values.size() < 2) values.addAll(Clients.values(Queue.next(member)));
      Harness.equal(values, List.of("aborted", "committed"));
      Queue.nothingFor(A_WHILE, member);
    }
    queue.done(); // markers are records too
  }

  private static void readCommitted() throws Exception {
    Queue queue = Queue.of(1, "share.isolation.level", "read_committed");
    try (var producer = transactional()) {
      transact(queue, producer, false, "aborted");
      transact(queue, producer, true, "first");
      producer.beginTransaction();
      queue.send(producer, "second");
      producer.flush();
      try (var member = queue.member()) {
        Harness.equal(Queue.told(Queue.next(member)), List.of("first 1"));
        Queue.nothingFor(A_WHILE, member);
        producer.commitTransaction();
        Harness.equal(Queue.told(Queue.next(member)), List.of("second 1"));
        Queue.nothingFor(A_WHILE, member);
      }
    }
    queue.done();
  }

  private static KafkaProducer<String, String> transactional() {
    var producer = Clients.producer("transactional.id", Harness.unique("id"));
    producer.initTransactions();
    return producer;
  }

  private static void transact(
      Queue queue, KafkaProducer<String, String> producer, boolean commits, String value) {
    producer.beginTransaction();
    queue.send(producer, value);
    producer.flush();
    if (commits) producer.commitTransaction();
    else producer.abortTransaction();
  }

  /** What is deleted from the log is gone from the queue, whoever had it. */
  private static void deleteRecords() throws Exception {
    Queue queue = Queue.of(1);
    queue.sendNumbers(0, 6);
    try (var admin = Clients.admin();
        var member = queue.explicit(Queue.atMost(2))) {
      for (ConsumerRecord<String, String> one : Queue.next(member)) member.acknowledge(one);
      Queue.commit(member);
      var partition = Clients.partition(queue.topic(), 0);
      admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(4))).all().get();
      List<ConsumerRecord<String, String>> rest = new ArrayList<>();
      while (rest.size() < 2) {
        for (ConsumerRecord<String, String> one : Queue.next(member)) {
          member.acknowledge(one);
          if (one.offset() >= 4) rest.add(one); // others were on their way
        }
      }
      Queue.commit(member);
      Harness.equal(Set.copyOf(Queue.told(rest)), Set.of("4 1", "5 1"));
    }
    queue.done();
  }

  /** A poll that waits is given a record as it comes. */
  private static void longPoll() throws Exception {
    Queue queue = Queue.of(1);
    queue.send("first");
    try (var member = queue.member("fetch.max.wait.ms", "8000")) {
      Harness.equal(Clients.values(Queue.next(member)), List.of("first"));
      Queue.nothingFor(Duration.ofMillis(500), member);
      long before = System.nanoTime();
      queue.send("late");
      Harness.equal(Clients.values(Queue.next(member)), List.of("late"));
      long took = Duration.ofNanos(System.nanoTime() - before).toMillis();
      Harness.check(took < 6000, "the record came after " + took + " ms");
    }
  }

  /** More than goes into one answer, in records that are each as large as may be. */
  private static void largeRecords() throws Exception {
    Queue queue = Queue.of(1);
    String value = "x".repeat(900_000);
    queue.send(value, value, value, value, value, value, value, value, value, value, value, value);
    try (var member = queue.member()) {
      List<Long> offsets = new ArrayList<>();
      while (offsets.size() < 12) {
        for (ConsumerRecord<String, String> one : Queue.next(member)) {
          Harness.equal(one.value().length(), value.length());
          offsets.add(one.offset());
        }
      }
      Harness.equal(offsets, List.of(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L, 11L));
      Queue.commit(member);
    }
    queue.done();
  }
}
