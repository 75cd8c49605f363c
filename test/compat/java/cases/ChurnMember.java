import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;

/** A member of a group that has no peace: what it prints and when it ends is in churn/member.ts. */
public final class ChurnMember implements ConsumerRebalanceListener {
  private static final int NAME_TAKEN = 3;
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private final String topic;
  private final KafkaConsumer<String, String> consumer;

  /** Where to go on in each partition, as far as that is not committed yet. */
  private final Map<Integer, Long> uncommitted = new TreeMap<>();

  private int commits;
  private volatile boolean leaving;

  private ChurnMember(String topic, String group, String protocol, String instance) {
    this.topic = topic;
    List<String> options = new ArrayList<>(List.of("max.poll.records", "50"));
    if (protocol.equals("consumer")) {
      options.addAll(List.of("group.protocol", "consumer"));
    } else {
      String assignor = protocol.equals("cooperative") ? "CooperativeSticky" : "RoundRobin";
      String strategy = "org.apache.kafka.clients.consumer." + assignor + "Assignor";
      options.addAll(List.of("partition.assignment.strategy", strategy));
      options.addAll(List.of("session.timeout.ms", "6000", "heartbeat.interval.ms", "1000"));
    }
    if (!instance.isEmpty()) options.addAll(List.of("group.instance.id", instance));
    options.addAll(List.of("max.poll.interval.ms", "30000", "reconnect.backoff.max.ms", "500"));
    consumer = Clients.member(topic, group, options.toArray(String[]::new));
    consumer.subscribe(List.of(topic), this);
  }

  public static void main(String[] arguments) throws Exception {
    Harness.bootstrap = arguments[0];
    ChurnMember member = new ChurnMember(arguments[1], arguments[2], arguments[3], arguments[4]);
    Harness.inBackground(member::untilInputEnds);
    try {
      member.work();
    } catch (FencedInstanceIdException | UnreleasedInstanceIdException taken) {
      Runtime.getRuntime().halt(NAME_TAKEN);
    }
  }

  private void untilInputEnds() throws IOException {
    while (System.in.read() >= 0) continue;
    leaving = true;
  }

  private void work() {
    try (consumer) {
      while (!leaving) {
        try {
          var polled = consumer.poll(Duration.ofMillis(100));
          for (TopicPartition one : polled.partitions()) read(one.partition(), polled.records(one));
          commit(new TreeMap<>(uncommitted));
        } catch (UnknownMemberIdException late) {
          // It stood still while it asked where to begin; it joins anew by itself.
          late.printStackTrace();
        }
      }
    }
  }

  private void read(int partition, List<ConsumerRecord<String, String>> records) {
    long next = records.get(0).offset();
    say("read %d %d %d".formatted(partition, next, records.get(records.size() - 1).offset()));
    for (ConsumerRecord<String, String> record : records) {
      boolean inOrder = record.offset() == next++;
      boolean mine = record.value().equals(Long.toString(record.offset()));
      if (!inOrder || !mine) {
        say("odd %d %d %s".formatted(partition, record.offset(), record.value()));
      }
    }
    uncommitted.put(partition, next);
  }

  private void commit(Map<Integer, Long> offsets) {
    if (offsets.isEmpty()) return;
    int number = ++commits;
    Map<TopicPartition, OffsetAndMetadata> all = new TreeMap<>(ChurnMember::byPartition);
    offsets.forEach((one, next) -> all.put(partition(one), new OffsetAndMetadata(next)));
    Stream<String> told = offsets.entrySet().stream().map(one -> one.getKey() + ":" + one.getValue());
    say("committing " + number + " " + told.collect(Collectors.joining(" ")));
    try {
      consumer.commitSync(all, PATIENCE);
      say("committed " + number);
      uncommitted.keySet().removeAll(offsets.keySet());
    } catch (KafkaException refused) {
      say("refused " + number + " " + refused.getClass().getSimpleName());
    }
  }

  private TopicPartition partition(int number) {
    return new TopicPartition(topic, number);
  }

  private static int byPartition(TopicPartition one, TopicPartition other) {
    return Integer.compare(one.partition(), other.partition());
  }

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
    say("assigned" + numbers(partitions));
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
    Map<Integer, Long> last = new TreeMap<>(uncommitted);
    last.keySet().removeIf(one -> !partitions.contains(partition(one)));
    commit(last);
    forget(partitions);
    say("revoked" + numbers(partitions));
  }

  @Override
  public void onPartitionsLost(Collection<TopicPartition> partitions) {
    forget(partitions);
    say("lost" + numbers(partitions));
  }

  private void forget(Collection<TopicPartition> partitions) {
    for (TopicPartition one : partitions) uncommitted.remove(one.partition());
  }

  private static String numbers(Collection<TopicPartition> partitions) {
    return partitions.stream().map(one -> " " + one.partition()).collect(Collectors.joining());
  }

  private static void say(String what) {
    System.out.println(System.nanoTime() / 1_000 + " " + what);
    System.out.flush();
  }
}
