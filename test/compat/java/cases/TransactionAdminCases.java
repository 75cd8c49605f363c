import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TransactionalIdNotFoundException;

/** What an operator sees of transactions, and how one is ended from outside. */
final class TransactionAdminCases {
  private TransactionAdminCases() {}

  static void addTo(Harness harness) {
    harness.add("admin-describe-transactions", TransactionAdminCases::describe);
    harness.add("admin-list-transactions", TransactionAdminCases::list);
    harness.add("admin-describe-producers", TransactionAdminCases::producers);
    harness.add("admin-abort-transaction", TransactionAdminCases::abort);
    harness.add("admin-fence-producers", TransactionAdminCases::fence);
  }

  private static TransactionDescription described(Admin admin, String id) throws Exception {
    return admin.describeTransactions(Set.of(id)).description(id).get();
  }

  private static void describe() throws Exception {
    String topic = Harness.unique("described");
    String id = Harness.unique("id");
    TopicPartition partition = Clients.partition(topic, 0);
    try (Admin admin = Clients.admin();
        var producer = TransactionCases.transactional(id, "transaction.timeout.ms", "45000")) {
      Harness.equal(described(admin, id).state(), TransactionState.EMPTY);
      producer.beginTransaction();
      TransactionCases.send(producer, topic, "1");
      TransactionDescription open = described(admin, id);
      Harness.equal(open.state(), TransactionState.ONGOING);
      Harness.equal(open.topicPartitions(), Set.of(partition));
      Harness.equal(open.transactionTimeoutMs(), 45_000L);
      long age = System.currentTimeMillis() - open.transactionStartTimeMs().orElseThrow();
      Harness.check(age >= 0 && age < 60_000, "it began " + age + " ms ago");
      producer.commitTransaction();
      Harness.until(() -> isComplete(admin, id), "the commit to be complete");
      Harness.equal(described(admin, id).topicPartitions(), Set.of());
      Harness.raises(
          TransactionalIdNotFoundException.class, () -> described(admin, Harness.unique("no")));
    }
  }

  private static boolean isComplete(Admin admin, String id) {
    try {
      return described(admin, id).state() == TransactionState.COMPLETE_COMMIT;
    } catch (Exception failure) {
      throw new IllegalStateException(failure);
    }
  }

  private static TransactionListing listed(
      Admin admin, String id, ListTransactionsOptions options) throws Exception {
    return admin.listTransactions(options).all().get().stream()
        .filter(one -> one.transactionalId().equals(id))
        .findFirst()
        .orElse(null);
  }

  private static void list() throws Exception {
    String id = Harness.unique("id");
    try (Admin admin = Clients.admin();
        var producer = TransactionCases.transactional(id)) {
      producer.beginTransaction();
      TransactionCases.send(producer, Harness.unique("listed"), "1");
      TransactionListing open = listed(admin, id, new ListTransactionsOptions());
      Harness.equal(open.state(), TransactionState.ONGOING);
      Harness.equal(open.producerId(), described(admin, id).producerId());
      var state = new ListTransactionsOptions();
      Harness.equal(listed(admin, id, state.filterStates(Set.of(TransactionState.EMPTY))), null);
      Harness.equal(listed(admin, id, state.filterStates(Set.of(TransactionState.ONGOING))), open);
      var producerId = new ListTransactionsOptions();
      Harness.equal(listed(admin, id, producerId.filterProducerIds(Set.of(987_654_321L))), null);
      Set<Long> mine = Set.of(open.producerId());
      Harness.equal(listed(admin, id, producerId.filterProducerIds(mine)), open);
      var duration = new ListTransactionsOptions();
      Harness.equal(listed(admin, id, duration.filterOnDuration(600_000)), null);
      Thread.sleep(5);
      Harness.equal(listed(admin, id, duration.filterOnDuration(1)), open);
      producer.abortTransaction();
    }
  }

  private static List<ProducerState> active(Admin admin, TopicPartition partition)
      throws Exception {
    var described = admin.describeProducers(Set.of(partition));
    return described.partitionResult(partition).get().activeProducers();
  }

  private static void producers() throws Exception {
    TopicPartition partition = Clients.partition(Harness.unique("written"), 0);
    String id = Harness.unique("id");
    Clients.send(partition.topic(), "0", "1");
    try (Admin admin = Clients.admin();
        var producer = TransactionCases.transactional(id)) {
      Harness.equal(active(admin, partition).size(), 1);
      producer.beginTransaction();
      TransactionCases.send(producer, partition.topic(), "2", "3", "4");
      TransactionDescription transaction = described(admin, id);
      ProducerState writer = writer(admin, partition, transaction.producerId());
      Harness.equal(writer.producerEpoch(), transaction.producerEpoch());
      Harness.equal(writer.lastSequence(), 2);
      Harness.equal(writer.currentTransactionStartOffset().orElse(-1), 2L);
      producer.commitTransaction();
      Harness.until(() -> isComplete(admin, id), "the commit to be complete");
      ProducerState after = writer(admin, partition, transaction.producerId());
      Harness.equal(after.currentTransactionStartOffset().isPresent(), false);
    }
  }

  private static ProducerState writer(Admin admin, TopicPartition partition, long producerId)
      throws Exception {
    var all = active(admin, partition).stream();
    return all.filter(one -> one.producerId() == producerId).findFirst().orElseThrow();
  }

  /** An operator ends a transaction that holds up the readers of one partition. */
  private static void abort() throws Exception {
    TopicPartition partition = Clients.partition(Harness.unique("hanging"), 0);
    String id = Harness.unique("id");
    try (Admin admin = Clients.admin();
        var producer = TransactionCases.transactional(id);
        var consumer = TransactionCases.reader("read_committed", partition)) {
      producer.beginTransaction();
      TransactionCases.send(producer, partition.topic(), "hanging");
      Clients.send(partition.topic(), "after");
      long producerId = described(admin, id).producerId();
      ProducerState state = writer(admin, partition, producerId);
      short epoch = (short) state.producerEpoch();
      int coordinator = state.coordinatorEpoch().orElse(0);
      var spec = new AbortTransactionSpec(partition, producerId, epoch, coordinator);
      admin.abortTransaction(spec).all().get();
      Harness.equal(Clients.values(Clients.take(consumer, 1)), List.of("after"));
      ProducerState after = writer(admin, partition, producerId);
      Harness.equal(after.currentTransactionStartOffset().isPresent(), false);
    }
  }

  private static void fence() throws Exception {
    String topic = Harness.unique("fenced");
    String id = Harness.unique("id");
    try (Admin admin = Clients.admin();
        var producer = TransactionCases.transactional(id)) {
      producer.beginTransaction();
      TransactionCases.send(producer, topic, "fenced");
      var fenced = admin.fenceProducers(Set.of(id));
      fenced.all().get();
      Harness.check(fenced.producerId(id).get() >= 0, "a producer id");
      Harness.raises(ProducerFencedException.class, producer::commitTransaction);
      Clients.send(topic, "after");
      Harness.equal(TransactionCases.committed(topic), List.of("after"));
    }
  }
}
