import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** The broker is stopped, and then killed, under a member, which goes on by itself. */
final class RestartCase {
  private RestartCase() {}

  static void run() throws Exception {
    Queue queue = Queue.of(1, "share.record.lock.duration.ms", "15000");
    queue.send("1", "2", "3");
    try (var member = queue.explicit()) {
      List<ConsumerRecord<String, String>> first = Queue.next(member);
      member.acknowledge(first.get(0));
      Queue.commit(member);
      Harness.restartBroker();
      for (ConsumerRecord<String, String> one : first.subList(1, 3)) {
        member.acknowledge(one, AcknowledgeType.RELEASE); // to a broker that may not know of it
      }
      List<String> values = new ArrayList<>();
      while (values.size() < 2) {
        for (ConsumerRecord<String, String> one : Queue.next(member)) {
          member.acknowledge(one);
          values.add(one.value());
        }
        Queue.commit(member);
      }
      Harness.equal(values, List.of("2", "3"));
      Harness.restartBroker();
      queue.send("4");
      List<ConsumerRecord<String, String>> last = Queue.next(member);
      Harness.equal(Clients.values(last), List.of("4"));
      member.acknowledge(last.get(0));
      Queue.commit(member);
    }
    queue.done();
  }
}
