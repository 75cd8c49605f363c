import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;

/** A member of a share group that has no peace: what it prints is in churn/share-group.ts. */
public final class ShareMember {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private final KafkaShareConsumer<String, String> consumer;
  private int acknowledgements;
  private volatile boolean leaving;

  private ShareMember(String topic, String group) {
    StringDeserializer strings = new StringDeserializer();
    String[] options = {
      "group.id", group,
      "max.poll.records", "50",
      "share.acknowledgement.mode", "explicit",
      "reconnect.backoff.max.ms", "500",
    };
    consumer = new KafkaShareConsumer<>(Clients.properties(options), strings, strings);
    consumer.subscribe(List.of(topic));
  }

  public static void main(String[] arguments) throws Exception {
    Harness.bootstrap = arguments[0];
    if (arguments[3].equals("configs")) {
      configure(arguments[2]);
      return;
    }
    ShareMember member = new ShareMember(arguments[1], arguments[2]);
    Harness.inBackground(member::untilInputEnds);
    member.work();
  }

  /** It reads from the beginning, and gives up no record for having been handed out too often. */
  private static void configure(String group) throws Exception {
    Map<String, String> configs =
        Map.of(
            "share.auto.offset.reset", "earliest",
            "share.record.lock.duration.ms", "15000",
            "share.delivery.count.limit", "10");
    List<AlterConfigOp> changes = new ArrayList<>();
    configs.forEach(
        (name, value) -> changes.add(new AlterConfigOp(new ConfigEntry(name, value), OpType.SET)));
    try (var admin = Clients.admin()) {
      var resource = new ConfigResource(ConfigResource.Type.GROUP, group);
      admin.incrementalAlterConfigs(Map.of(resource, changes)).all().get();
    }
  }

  private void untilInputEnds() throws IOException {
    while (System.in.read() >= 0) continue;
    leaving = true;
  }

  private void work() {
    try (consumer) {
      while (!leaving) {
        var polled = consumer.poll(Duration.ofMillis(100));
        if (!polled.isEmpty()) acknowledge(polled);
      }
    }
  }

  /** Now and then a record is given back, the first time it comes. */
  private void acknowledge(ConsumerRecords<String, String> polled) {
    List<String> accepted = new ArrayList<>();
    say("acquired" + told(polled));
    for (ConsumerRecord<String, String> record : polled) {
      if (!record.value().equals(Long.toString(record.offset()))) {
        say("odd %d %d %s".formatted(record.partition(), record.offset(), record.value()));
      }
      boolean back = record.offset() % 50 == 7 && record.deliveryCount().orElseThrow() == 1;
      consumer.acknowledge(record, back ? AcknowledgeType.RELEASE : AcknowledgeType.ACCEPT);
      if (!back) accepted.add(told(record));
    }
    int number = ++acknowledgements;
    say("accepting %d %s".formatted(number, String.join(" ", accepted)));
    try {
      List<String> good = new ArrayList<>();
      consumer
          .commitSync(PATIENCE)
          .forEach((one, failure) -> {
            if (failure.isEmpty()) good.add(Integer.toString(one.partition()));
          });
      say("accepted %d %s".formatted(number, String.join(" ", good)));
    } catch (KafkaException refused) {
      say("refused %d %s".formatted(number, refused.getClass().getSimpleName()));
    }
  }

  private static String told(Iterable<ConsumerRecord<String, String>> records) {
    StringBuilder all = new StringBuilder();
    for (ConsumerRecord<String, String> one : records) all.append(' ').append(told(one));
    return all.toString();
  }

  private static String told(ConsumerRecord<String, String> one) {
    return one.partition() + ":" + one.offset() + ":" + one.deliveryCount().orElseThrow();
  }

  private static void say(String what) {
    System.out.println(System.nanoTime() / 1_000 + " " + what);
    System.out.flush();
  }
}
