import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Where a group begins: `share.auto.offset.reset`. */
final class StartCases {
  private StartCases() {}

  static void addTo(Harness harness) {
    harness.add("share-start-latest", StartCases::latest);
    harness.add("share-start-by-duration", StartCases::byDuration);
    harness.add("share-many-groups", StartCases::manyGroups);
  }

  /** The default: what came before the group is not for it. */
  private static void latest() throws Exception {
    Queue queue = Queue.bare(1);
    queue.send("old", "old", "old");
    try (var member = queue.member();
        var producer = Clients.producer()) {
      Set<String> values = new HashSet<>();
      Harness.until(
          () -> {
            queue.send(producer, "new");
            member.poll(Duration.ofMillis(200)).forEach(record -> values.add(record.value()));
            return !values.isEmpty();
          },
          "a record sent after the group was there");
      Harness.equal(values, Set.of("new"));
    }
  }

  private static void byDuration() throws Exception {
    Queue queue = Queue.bare(1);
    queue.configure("share.auto.offset.reset", "by_duration:PT1H");
    try (var producer = Clients.producer()) {
      for (int minutes : List.of(120, 30, 0)) {
        long time = System.currentTimeMillis() - Duration.ofMinutes(minutes).toMillis();
        String value = minutes + " minutes ago";
        producer.send(new ProducerRecord<>(queue.topic(), 0, time, null, value)).get();
      }
    }
    try (var member = queue.member()) {
      List<String> values = new ArrayList<>();
      while (values.size() < 2) values.addAll(Clients.values(Queue.next(member)));
      Harness.equal(values, List.of("30 minutes ago", "0 minutes ago"));
    }
  }

  /** Each group is a queue of its own on the same log. */
  private static void manyGroups() throws Exception {
    Queue first = Queue.of(1);
    first.send("1", "2");
    for (int number = 0; number < 5; number++) {
      Queue queue = first.another();
      try (var member = queue.member()) {
        Harness.equal(Queue.told(Queue.next(member)), List.of("1 1", "2 1"));
        if (number % 2 == 0) Queue.commit(member);
      }
      Harness.equal(queue.lag(), number % 2 == 0 ? 0L : 2L);
    }
  }
}
