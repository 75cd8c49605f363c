import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Properties;
import java.util.StringJoiner;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * An instance of WordCount: lines come in, and each word goes out with how often it has been seen.
 * Nothing is cached, so that every count goes out: a word seen n times has 1, 2 … n in the output.
 *
 * <p>Its arguments are the bootstrap server, the application's id, the input, the output, the state
 * directory, the processing guarantee and the kind of store. It prints {@code state …} when its
 * state changes and {@code restored …} for each store it has restored; the line {@code counts} on
 * its standard input makes it print its counts. When that input ends it stops, and exits with 0.
 */
public final class WordCount {
  private static final String STORE = "counts";
  private static final Map<String, String> SOON_COMPACTED =
      Map.of("segment.ms", "100", "min.cleanable.dirty.ratio", "0.01");

  private WordCount() {}

  public static void main(String[] arguments) throws Exception {
    Topology topology = topology(arguments[2], arguments[3], arguments[6]);
    Properties settings = settings(arguments[0], arguments[1], arguments[4], arguments[5]);
    KafkaStreams streams = new KafkaStreams(topology, settings);
    streams.setStateListener((state, before) -> System.out.println("state " + state));
    streams.setGlobalStateRestoreListener(new Restored());
    streams.setUncaughtExceptionHandler(
        failure -> {
          failure.printStackTrace();
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    streams.start();
    BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
    while (commands.readLine() != null) System.out.println(countsOf(streams));
    boolean stopped =
        streams.close(
            CloseOptions.groupMembershipOperation(GroupMembershipOperation.LEAVE_GROUP)
                .withTimeout(Duration.ofSeconds(20)));
    Runtime.getRuntime().halt(stopped ? 0 : 3);
  }

  private static Topology topology(String input, String output, String kind) {
    StreamsBuilder builder = new StreamsBuilder();
    KGroupedStream<String, String> words =
        builder.stream(input, Consumed.with(Serdes.String(), Serdes.String()))
            .flatMapValues(line -> Arrays.asList(line.split(" ")))
            .groupBy(
                (key, word) -> word, Grouped.with("words", Serdes.String(), Serdes.String()));
    counted(words, kind)
        .mapValues(count -> Long.toString(count))
        .to(output, Produced.with(Serdes.String(), Serdes.String()));
    return builder.build();
  }

  private static KStream<String, Long> counted(KGroupedStream<String, String> words, String kind) {
    if (kind.equals("windowed")) {
      return words
          .windowedBy(TimeWindows.ofSizeWithNoGrace(Duration.ofDays(1)))
          .count(Materialized.as(STORE))
          .toStream((window, count) -> window.key());
    }
    var supplier =
        kind.equals("memory")
            ? Stores.inMemoryKeyValueStore(STORE)
            : Stores.persistentKeyValueStore(STORE);
    return words
        .count(
            Materialized.<String, Long>as(supplier)
                .withKeySerde(Serdes.String())
                .withValueSerde(Serdes.Long())
                .withLoggingEnabled(SOON_COMPACTED))
        .toStream();
  }

  private static Properties settings(
      String bootstrap, String application, String directory, String guarantee) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, directory);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, guarantee);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
    settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
    settings.put(StreamsConfig.REPARTITION_PURGE_INTERVAL_MS_CONFIG, 500);
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), 6000);
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), 500);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG), 5000);
    return settings;
  }

  /** What this instance has counted of each word, as JSON; waits until its stores can be read. */
  private static String countsOf(KafkaStreams streams) throws InterruptedException {
    while (true) {
      StringJoiner json = new StringJoiner(",", "{", "}");
      try (KeyValueIterator<String, Long> all = storeOf(streams).all()) {
        while (all.hasNext()) {
          KeyValue<String, Long> one = all.next();
          json.add("\"" + one.key + "\":" + one.value);
        }
        return "counts " + json;
      } catch (InvalidStateStoreException rebalancing) {
        Thread.sleep(50);
      }
    }
  }

  private static ReadOnlyKeyValueStore<String, Long> storeOf(KafkaStreams streams) {
    return streams.store(
        StoreQueryParameters.fromNameAndType(STORE, QueryableStoreTypes.keyValueStore()));
  }

  private static final class Restored implements StateRestoreListener {
    @Override
    public void onRestoreStart(TopicPartition partition, String store, long start, long end) {}

    @Override
    public void onBatchRestored(TopicPartition partition, String store, long end, long count) {}

    @Override
    public void onRestoreEnd(TopicPartition partition, String store, long total) {
      System.out.println("restored " + total + " records of " + partition);
    }
  }
}
