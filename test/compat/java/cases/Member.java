import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** A group member with a thread of its own, as each would be a process. */
final class Member implements ConsumerRebalanceListener {
  private volatile Set<TopicPartition> held = Set.of();
  private volatile RuntimeException failure;
  volatile int rebalances;
  final List<String> values = Collections.synchronizedList(new ArrayList<>());
  private volatile boolean leaving;
  private final KafkaConsumer<String, String> consumer;
  private Thread thread;

  Member(String topic, String group, String... options) {
    List<String> all = new ArrayList<>(List.of("group.id", group));
    if (!Arrays.asList(options).contains("group.protocol")) {
      all.addAll(List.of("heartbeat.interval.ms", "500"));
    }
    all.addAll(List.of(options));
    consumer = Clients.consumer(all.toArray(String[]::new));
    consumer.subscribe(Set.of(topic), this);
  }

  void start() {
    thread = Harness.inBackground(this::work);
  }

  private void work() {
    try (consumer) {
      while (!leaving) {
        consumer.poll(Duration.ofMillis(100)).forEach(record -> values.add(record.value()));
        held = Set.copyOf(consumer.assignment());
      }
    } catch (RuntimeException thrown) {
      failure = thrown;
    }
  }

  /** The partitions it holds now; throws what ended it, if something did. */
  Set<TopicPartition> held() {
    if (failure != null) throw failure;
    return held;
  }

  void leave() throws InterruptedException {
    leaving = true;
    thread.join(20_000);
  }

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
    rebalances++;
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> partitions) {}
}
