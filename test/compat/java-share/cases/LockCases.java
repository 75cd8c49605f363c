import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.InvalidRecordStateException;

/** How long a member has a record for itself. Kafka allows no lock shorter than 15 s. */
final class LockCases {
  private static final String[] SHORT = {"share.record.lock.duration.ms", "15000"};

  private LockCases() {}

  static void addTo(Harness harness) {
    harness.add("share-renew", LockCases::renew);
    harness.add("share-lock-timeout", LockCases::lockTimeout);
    harness.add("share-killed-member", LockCases::killedMember);
  }

  private static void lockTimeout() throws Exception {
    Queue queue = Queue.of(1, SHORT);
    queue.send("1", "2");
    try (var slow = queue.explicit();
        var next = queue.explicit()) {
      List<ConsumerRecord<String, String>> held = Queue.next(slow);
      Harness.equal(Queue.told(held), List.of("1 1", "2 1"));
      Harness.equal(slow.acquisitionLockTimeoutMs(), Optional.of(15_000));
      Queue.nothingFor(Duration.ofSeconds(12), next);
      List<ConsumerRecord<String, String>> records = Queue.next(next);
      Harness.equal(Clients.values(records), List.of("1", "2"));
      for (ConsumerRecord<String, String> one : records) {
        Harness.check(one.deliveryCount().get() > 1, "it was delivered before");
      }
      held.forEach(slow::acknowledge);
      Harness.check(
          Queue.failureOf(slow) instanceof InvalidRecordStateException, "a lock that is over");
      records.forEach(next::acknowledge);
      Queue.commit(next);
    }
    queue.done();
  }

  /** A lock that is renewed in time lasts as long again. */
  private static void renew() throws Exception {
    Queue queue = Queue.of(1, SHORT);
    queue.send("long work");
    try (var member = queue.explicit();
        var other = queue.explicit()) {
      List<ConsumerRecord<String, String>> held = Queue.next(member);
      Harness.equal(Queue.told(held), List.of("long work 1"));
      Queue.nothingFor(Duration.ofSeconds(8), other);
      member.acknowledge(held.get(0), AcknowledgeType.RENEW);
      Queue.commit(member);
      Queue.nothingFor(Duration.ofSeconds(8), other);
      List<ConsumerRecord<String, String>> renewed = Queue.next(member);
      Harness.equal(Queue.told(renewed), List.of("long work 1"));
      member.acknowledge(renewed.get(0));
      Queue.commit(member);
    }
    queue.done();
  }

  /** The records of a member whose process is killed come back when its connection is gone. */
  private static void killedMember() throws Exception {
    Queue queue = Queue.of(1);
    queue.send("1", "2", "3");
    String[] command = {
      "java", "-cp", System.getProperty("java.class.path"), "LockCases$Holder",
      Harness.bootstrap, queue.topic(), queue.group()
    };
    Process process = new ProcessBuilder(command).start();
    try (var output = new BufferedReader(new InputStreamReader(process.getInputStream()));
        var next = queue.explicit()) {
      Harness.equal(output.readLine(), "holds [1 1, 2 1, 3 1]");
      Queue.nothingFor(Duration.ofSeconds(1), next);
      process.destroyForcibly().waitFor();
      List<ConsumerRecord<String, String>> records = Queue.next(next);
      Harness.equal(Queue.told(records), List.of("1 2", "2 2", "3 2"));
    } finally {
      process.destroyForcibly();
    }
  }

  /** A member that takes records and does nothing more. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] arguments) throws Exception {
      Harness.bootstrap = arguments[0];
      var member = new Queue(arguments[1], arguments[2]).explicit();
      System.out.println("holds " + Queue.told(Queue.next(member)));
      Thread.sleep(60_000);
    }
  }
}
