import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/** A worker of the pipeline that exactly-once.ts describes. */
public final class Pipeline {
  private static final int GAVE_UP = 3;
  private final String output;
  private final String fatalStep;
  private final int fatalTransaction;
  private final KafkaConsumer<String, String> consumer;
  private final KafkaProducer<String, String> producer;
  private int transaction = 1;
  private volatile boolean ending;

  private Pipeline(String input, String output, String group, String... life) {
    this.output = output;
    fatalStep = life[2];
    fatalTransaction = Integer.parseInt(life[3]);
    List<String> member = new ArrayList<>(List.of("session.timeout.ms", "6000"));
    member.addAll(List.of("heartbeat.interval.ms", "500", "max.poll.records", "10"));
    member.addAll(List.of("isolation.level", "read_committed"));
    if (!life[1].isEmpty()) member.addAll(List.of("group.instance.id", life[1]));
    consumer = Clients.member(input, group, member.toArray(String[]::new));
    String[] limit = {"transaction.timeout.ms", "10000"};
    producer = TransactionCases.transactional(life[0], limit);
  }

  public static void main(String[] arguments) throws Exception {
    Harness.bootstrap = arguments[0];
    String[] life = Arrays.copyOfRange(arguments, 4, 8);
    try {
      Pipeline worker = new Pipeline(arguments[1], arguments[2], arguments[3], life);
      Harness.inBackground(worker::untilInputEnds);
      worker.work();
    } catch (KafkaException failure) {
      failure.printStackTrace();
      Runtime.getRuntime().halt(GAVE_UP);
    }
  }

  private void untilInputEnds() throws IOException {
    while (System.in.read() >= 0) continue;
    ending = true;
  }

  private void work() throws InterruptedException {
    try (consumer;
        producer) {
      reach("started");
      while (!ending) {
        ConsumerRecords<String, String> polled = consumer.poll(Duration.ofMillis(100));
        if (polled.isEmpty()) continue;
        reach("polled");
        producer.beginTransaction();
        try {
          copy(polled);
        } catch (KafkaException failure) {
          failure.printStackTrace();
          abort(polled); // throws when the producer cannot go on
        }
        transaction++;
      }
    }
  }

  private void copy(ConsumerRecords<String, String> polled) throws InterruptedException {
    for (ConsumerRecord<String, String> record : polled) {
      String value = record.value() + "!";
      producer.send(new ProducerRecord<>(output, record.partition(), record.key(), value));
    }
    producer.flush();
    reach("sent");
    producer.sendOffsetsToTransaction(after(polled), consumer.groupMetadata());
    reach("offsets");
    if (transaction % 5 == 0) {
      abort(polled);
    } else {
      reach("committing");
      producer.commitTransaction();
      reach("committed");
    }
  }

  private static Map<TopicPartition, OffsetAndMetadata> after(
      ConsumerRecords<String, String> polled) {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    for (ConsumerRecord<String, String> record : polled) {
      var partition = new TopicPartition(record.topic(), record.partition());
      offsets.put(partition, new OffsetAndMetadata(record.offset() + 1));
    }
    return offsets;
  }

  /** Goes back to where the transaction began, in what it still holds. */
  private void abort(ConsumerRecords<String, String> polled) {
    producer.abortTransaction();
    for (TopicPartition partition : polled.partitions()) {
      if (!consumer.assignment().contains(partition)) continue;
      consumer.seek(partition, polled.records(partition).get(0).offset());
    }
  }

  private void reach(String step) throws InterruptedException {
    if (!step.equals(fatalStep) || transaction != fatalTransaction) return;
    System.out.println("dying");
    if (!step.equals("committing")) Thread.sleep(60_000);
  }
}
