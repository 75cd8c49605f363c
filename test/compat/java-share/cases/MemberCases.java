import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.InconsistentGroupProtocolException;

/** Members that come and go, and topics that grow. */
final class MemberCases {
  private MemberCases() {}

  static void addTo(Harness harness) {
    harness.add("share-members", MemberCases::members);
    harness.add("share-partitions", () -> partitions(4, 500));
    harness.add("share-many-partitions", () -> partitions(50, 20));
    harness.add("share-topic-grows", MemberCases::topicGrows);
    harness.add("share-topic-recreated", MemberCases::topicRecreated);
    harness.add("share-kinds", MemberCases::kinds);
  }

  /** Members of its own threads, each accepting what it is given. */
  private static final class Crew implements AutoCloseable {
    final List<String> values = Collections.synchronizedList(new ArrayList<>());
    final Set<Integer> busy = Collections.synchronizedSet(new HashSet<>());
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean leaving;

    Crew(Queue queue, int size) {
      for (int index = 0; index < size; index++) {
        int number = index;
        threads.add(Harness.inBackground(() -> work(queue, number)));
      }
    }

    private void work(Queue queue, int number) throws InterruptedException {
      try (var member = queue.explicit(Queue.atMost(10))) {
        while (!leaving) {
          for (ConsumerRecord<String, String> one : member.poll(Duration.ofMillis(100))) {
            values.add(one.value());
            busy.add(number);
            member.acknowledge(one);
            Thread.sleep(2); // so long the work on a record takes
          }
        }
        member.commitSync();
      }
    }

    @Override
    public void close() {
      leaving = true;
      try {
        for (Thread thread : threads) thread.join(20_000);
      } catch (InterruptedException tooLate) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** More members than partitions: each has its share of the work, and each record is for one. */
  private static void members() throws Exception {
    Queue queue = Queue.of(1);
    try (Crew crew = new Crew(queue, 3)) {
      int sent = 0;
      while (crew.busy.size() < 3) {
        Harness.check(sent < 10_000, crew.busy.size() + " of 3 members did all the work");
        queue.sendNumbers(sent, sent + 50);
        sent += 50;
        Thread.sleep(100);
      }
      int all = sent;
      Harness.until(() -> crew.values.size() >= all, "all records");
      Harness.equal(new HashSet<>(crew.values).size(), all);
      Harness.equal(crew.values.size(), all);
    }
    queue.done();
  }

  private static void partitions(int partitions, int count) throws Exception {
    Queue queue = Queue.of(partitions);
    try (Crew crew = new Crew(queue, 2)) {
      sendToEach(queue, partitions, count);
      int all = partitions * count;
      Harness.until(() -> crew.values.size() >= all, "all records");
      Harness.equal(new HashSet<>(crew.values).size(), all);
      Harness.equal(crew.values.size(), all);
    }
  }

  private static void sendToEach(Queue queue, int partitions, int count) {
    try (var producer = Clients.producer()) {
      for (int number = 0; number < count; number++) {
        for (int partition = 0; partition < partitions; partition++) {
          String value = partition + " " + number;
          producer.send(new ProducerRecord<>(queue.topic(), partition, null, value));
        }
      }
    }
  }

  private static void topicGrows() throws Exception {
    Queue queue = Queue.of(1);
    try (Crew crew = new Crew(queue, 1);
        var admin = Clients.admin()) {
      sendToEach(queue, 1, 1);
      Harness.until(() -> crew.values.size() == 1, "the first partition's record");
      admin.createPartitions(Map.of(queue.topic(), NewPartitions.increaseTo(3))).all().get();
      sendToEach(queue, 3, 1);
      Harness.until(() -> crew.values.size() == 4, "the records of all partitions");
    }
  }

  /** A topic created anew is another topic: the group begins again. */
  private static void topicRecreated() throws Exception {
    Queue queue = Queue.of(1);
    try (Crew crew = new Crew(queue, 1);
        var admin = Clients.admin()) {
      queue.send("old");
      Harness.until(() -> crew.values.size() == 1, "the old topic's record");
      Uuid before = idOf(admin, queue);
      admin.deleteTopics(Set.of(queue.topic())).all().get();
      // The member's own questions may make it, too.
      Harness.until(
          () -> {
            Uuid now = made(admin, queue);
            return now != null && !now.equals(before);
          },
          "the topic to be another");
      queue.send("new");
      Harness.until(() -> crew.values.size() == 2, "the new topic's record");
      Harness.equal(crew.values, List.of("old", "new"));
    }
  }

  private static Uuid made(Admin admin, Queue queue) {
    try {
      admin.createTopics(Set.of(new NewTopic(queue.topic(), 1, (short) 1))).all().get();
    } catch (Exception stillOrAlreadyThere) {
      // Which of both it is, its id says.
    }
    try {
      return idOf(admin, queue);
    } catch (Exception notThere) {
      return null;
    }
  }

  private static Uuid idOf(Admin admin, Queue queue) throws Exception {
    var described = admin.describeTopics(Set.of(queue.topic())).allTopicNames().get();
    return described.get(queue.topic()).topicId();
  }

  /** A group is of one kind as long as it has members. */
  private static void kinds() throws Exception {
    Queue queue = Queue.of(1);
    queue.send("1");
    try (var member = queue.member()) {
      Queue.next(member);
      for (String protocol : List.of("classic", "consumer")) {
        String[] options = {"group.protocol", protocol};
        try (var stranger = Clients.member(queue.topic(), queue.group(), options)) {
          Class<? extends Exception> refusal =
              protocol.equals("classic")
                  ? InconsistentGroupProtocolException.class
                  : GroupIdNotFoundException.class;
          Harness.raises(
              refusal,
              () -> Harness.until(() -> !Clients.poll(stranger).isEmpty(), "the refusal"));
        }
      }
    }
    Queue readers = new Queue(queue.topic(), Harness.unique("readers"));
    try (var reader = Clients.member(queue.topic(), readers.group(), "group.protocol", "consumer");
        var member = readers.member()) {
      Clients.take(reader, 1);
      Harness.raises(GroupIdNotFoundException.class, () -> Queue.next(member));
    }
  }
}
