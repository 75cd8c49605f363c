import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.KafkaException;

/**
 * A worker of the queue that trouble.ts describes: it accepts most of what it is given, and puts
 * some back. Each line it prints is the time, a word and records.
 */
public final class Worker {
  private static final int GAVE_UP = 3;
  private static volatile boolean ending;

  private Worker() {}

  public static void main(String[] arguments) throws Exception {
    Harness.bootstrap = arguments[0];
    Queue queue = new Queue(arguments[1], arguments[2]);
    queue.configure("share.auto.offset.reset", "earliest", "share.delivery.count.limit", "10");
    queue.configure("share.record.lock.duration.ms", "15000");
    Harness.inBackground(
        () -> {
          while (System.in.read() >= 0) continue;
          ending = true;
        });
    try (var member = queue.explicit(Queue.atMost(20))) {
      while (!ending) work(member, new Random());
    } catch (KafkaException failure) {
      failure.printStackTrace();
      Runtime.getRuntime().halt(GAVE_UP);
    }
  }

  private static void work(KafkaShareConsumer<String, String> member, Random random) {
    List<String> given = new ArrayList<>();
    List<String> accepted = new ArrayList<>();
    for (ConsumerRecord<String, String> one : member.poll(Duration.ofMillis(100))) {
      String name = one.partition() + ":" + one.offset();
      given.add(name);
      boolean accepts = one.deliveryCount().get() > 1 || random.nextInt(5) > 0;
      member.acknowledge(one, accepts ? AcknowledgeType.ACCEPT : AcknowledgeType.RELEASE);
      if (accepts) accepted.add(name);
    }
    if (given.isEmpty()) return;
    say("given", given);
    say("accepting", accepted);
    List<String> failed = new ArrayList<>();
    for (var result : member.commitSync().entrySet()) {
      if (result.getValue().isEmpty()) continue;
      result.getValue().get().printStackTrace();
      failed.add(result.getKey().partition() + ":");
    }
    accepted.removeIf(name -> failed.stream().anyMatch(name::startsWith));
    say("accepted", accepted);
  }

  private static void say(String what, List<String> records) {
    System.out.println(System.currentTimeMillis() + " " + what + " " + String.join(" ", records));
  }
}
