import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.AcknowledgementCommitCallback;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;

/** What a member says of the records it was given, and what the group makes of it. */
final class AcknowledgeCases {
  private static final Duration A_WHILE = Duration.ofMillis(1500);

  private AcknowledgeCases() {}

  static void addTo(Harness harness) {
    harness.add("share-implicit", AcknowledgeCases::implicit);
    harness.add("share-explicit", () -> explicit("none"));
    harness.add("share-compressed", () -> explicit("zstd"));
    harness.add("share-delivery-limit", AcknowledgeCases::deliveryLimit);
    harness.add("share-commit-async", AcknowledgeCases::commitAsync);
    harness.add("share-close-releases", AcknowledgeCases::closeReleases);
  }

  /** The next poll, and commitSync, accept what the last poll gave; closing does not. */
  private static void implicit() throws Exception {
    Queue queue = Queue.of(1);
    queue.send("1", "2", "3");
    try (var member = queue.member()) {
      Harness.equal(Queue.told(Queue.next(member)), List.of("1 1", "2 1", "3 1"));
      queue.send("4");
      Harness.equal(Queue.told(Queue.next(member)), List.of("4 1"));
      Queue.commit(member);
      queue.send("5");
      Harness.equal(Queue.told(Queue.next(member)), List.of("5 1"));
    }
    try (var member = queue.member()) {
      Harness.equal(Queue.told(Queue.next(member)), List.of("5 2"));
      Queue.nothingFor(A_WHILE, member);
    }
    queue.done();
  }

  private static void explicit(String compression) throws Exception {
    Queue queue = Queue.of(1);
    try (var producer = Clients.producer("linger.ms", "1000", "compression.type", compression)) {
      queue.send(producer, "1", "2", "3", "4");
      producer.flush();
    }
    try (var member = queue.explicit()) {
      List<ConsumerRecord<String, String>> records = Queue.next(member);
      Harness.equal(Queue.told(records), List.of("1 1", "2 1", "3 1", "4 1"));
      member.acknowledge(records.get(0));
      member.acknowledge(records.get(1), AcknowledgeType.RELEASE);
      member.acknowledge(records.get(2), AcknowledgeType.REJECT);
      // Each must be acknowledged before the next poll.
      Harness.raises(IllegalStateException.class, () -> member.poll(Duration.ZERO));
      member.acknowledge(records.get(3), AcknowledgeType.ACCEPT);
      Queue.commit(member);
      Harness.raises(IllegalStateException.class, () -> member.acknowledge(records.get(0)));
      List<ConsumerRecord<String, String>> again = Queue.next(member);
      Harness.equal(Queue.told(again), List.of("2 2"));
      Harness.equal(queue.lag(), 1L);
      member.acknowledge(again.get(0));
      Queue.commit(member);
      Queue.nothingFor(A_WHILE, member);
    }
    queue.done();
  }

  private static void deliveryLimit() throws Exception {
    Queue queue = Queue.of(1, "share.delivery.count.limit", "2");
    queue.send("poison", "good");
    try (var member = queue.explicit()) {
      for (ConsumerRecord<String, String> record : Queue.next(member)) {
        boolean good = record.value().equals("good");
        member.acknowledge(record, good ? AcknowledgeType.ACCEPT : AcknowledgeType.RELEASE);
      }
      List<ConsumerRecord<String, String>> last = Queue.next(member);
      Harness.equal(Queue.told(last), List.of("poison 2"));
      member.acknowledge(last.get(0), AcknowledgeType.RELEASE);
      Queue.commit(member);
      Queue.nothingFor(A_WHILE, member);
    }
    queue.done();
  }

  private static void commitAsync() throws Exception {
    Queue queue = Queue.of(1);
    queue.send("1", "2", "3");
    Set<Long> confirmed = Collections.synchronizedSet(new HashSet<>());
    List<Exception> failures = Collections.synchronizedList(new ArrayList<>());
    AcknowledgementCommitCallback callback =
        (offsets, failure) -> {
          offsets.values().forEach(confirmed::addAll);
          if (failure != null) failures.add(failure);
        };
    try (KafkaShareConsumer<String, String> member = queue.explicit()) {
      member.setAcknowledgementCommitCallback(callback);
      for (ConsumerRecord<String, String> record : Queue.next(member)) member.acknowledge(record);
      member.commitAsync();
      Harness.until(
          () -> {
            member.poll(Duration.ofMillis(100));
            return confirmed.size() == 3;
          },
          "the callback");
      Harness.equal(confirmed, Set.of(0L, 1L, 2L));
      Harness.equal(failures, List.of());
    }
    queue.done();
  }

  /** What a member holds when it closes is there for the next at once. */
  private static void closeReleases() throws Exception {
    Queue queue = Queue.of(1);
    queue.send("1", "2", "3");
    try (var next = queue.explicit()) {
      try (var member = queue.explicit()) {
        List<ConsumerRecord<String, String>> records = Queue.next(member);
        member.acknowledge(records.get(1));
      }
      List<ConsumerRecord<String, String>> records = Queue.next(next);
      Harness.equal(Queue.told(records), List.of("1 2", "3 2"));
    }
  }
}
