import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ShareGroupDescription;
import org.apache.kafka.clients.admin.ShareMemberDescription;
import org.apache.kafka.clients.admin.SharePartitionOffsetInfo;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Share groups as an operator sees them, by Admin. */
final class AdminCases {
  private AdminCases() {}

  static void addTo(Harness harness) {
    harness.add("share-admin-groups", AdminCases::groups);
    harness.add("share-admin-offsets", AdminCases::offsets);
    harness.add("share-admin-delete-offsets", AdminCases::deleteOffsets);
  }

  private static void groups() throws Exception {
    Queue queue = Queue.of(2);
    queue.send("1");
    try (var admin = Clients.admin()) {
      try (var member = queue.member("client.id", "first", "client.rack", "here")) {
        Queue.next(member);
        Harness.check(lists(admin, ListGroupsOptions.forShareGroups(), queue), "among its kind");
        Harness.check(lists(admin, new ListGroupsOptions(), queue), "among all");
        var empty = new ListGroupsOptions().inGroupStates(Set.of(GroupState.EMPTY));
        Harness.check(!lists(admin, empty, queue), "not among the empty");
        var classic = new ListGroupsOptions().withTypes(Set.of(GroupType.CLASSIC));
        Harness.check(!lists(admin, classic, queue), "not among the classic");
        ShareGroupDescription stable = described(admin, queue);
        Harness.equal(stable.groupState(), GroupState.STABLE);
        ShareMemberDescription one = stable.members().iterator().next();
        Harness.equal(List.of(one.clientId(), one.memberEpoch() > 0), List.of("first", true));
        Set<TopicPartition> both =
            Set.of(Clients.partition(queue.topic(), 0), Clients.partition(queue.topic(), 1));
        Harness.equal(one.assignment().topicPartitions(), both);
        Harness.raises(
            GroupNotEmptyException.class,
            () -> admin.deleteShareGroups(Set.of(queue.group())).all().get());
      }
      ShareGroupDescription left = described(admin, queue);
      Harness.equal(left.groupState(), GroupState.EMPTY);
      Harness.equal(left.members().size(), 0);
      admin.deleteShareGroups(Set.of(queue.group())).all().get();
      Harness.raises(GroupIdNotFoundException.class, () -> described(admin, queue));
      Harness.raises(
          GroupIdNotFoundException.class,
          () -> admin.deleteShareGroups(Set.of(queue.group())).all().get());
    }
    // Deleted with all it knew: the group begins again.
    try (var member = queue.member()) {
      Harness.equal(Queue.told(Queue.next(member)), List.of("1 1"));
    }
  }

  private static boolean lists(Admin admin, ListGroupsOptions options, Queue queue)
      throws Exception {
    Collection<GroupListing> all = admin.listGroups(options).all().get();
    return all.stream()
        .filter(one -> one.groupId().equals(queue.group()))
        .anyMatch(one -> one.type().get() == GroupType.SHARE && one.protocol().equals("share"));
  }

  private static ShareGroupDescription described(Admin admin, Queue queue) throws Exception {
    return admin.describeShareGroups(Set.of(queue.group())).all().get().get(queue.group());
  }

  private static void offsets() throws Exception {
    Queue queue = Queue.of(1);
    queue.sendNumbers(0, 5);
    TopicPartition partition = Clients.partition(queue.topic(), 0);
    try (var admin = Clients.admin()) {
      try (var member = queue.member(Queue.atMost(3))) {
        Harness.equal(Queue.told(Queue.next(member)), List.of("0 1", "1 1", "2 1"));
        Queue.commit(member);
        Harness.raises(GroupNotEmptyException.class, () -> alter(admin, queue, 1));
      }
      Harness.equal(queue.lag(), 2L);
      alter(admin, queue, 1);
      SharePartitionOffsetInfo position = queue.position();
      Harness.equal(List.of(position.startOffset(), position.lag().get()), List.of(1L, 4L));
      var wrong = Map.of(Clients.partition(Harness.unique("nothing"), 0), 1L);
      Harness.raises(
          UnknownTopicOrPartitionException.class,
          () -> admin.alterShareGroupOffsets(queue.group(), wrong).all().get());
      Queue nobody = new Queue(queue.topic(), Harness.unique("crew"));
      Harness.equal(nobody.position(), null);
    }
    try (var member = queue.member()) {
      Harness.equal(Queue.told(Queue.next(member)).get(0), "1 1");
    }
  }

  private static void alter(Admin admin, Queue queue, long offset) throws Exception {
    var offsets = Map.of(Clients.partition(queue.topic(), 0), offset);
    admin.alterShareGroupOffsets(queue.group(), offsets).all().get();
  }

  /** A group that has forgotten a topic begins it again. */
  private static void deleteOffsets() throws Exception {
    Queue queue = Queue.of(1);
    queue.send("1", "2");
    try (var admin = Clients.admin()) {
      try (var member = queue.member()) {
        Queue.next(member);
        Queue.commit(member);
        Harness.raises(GroupNotEmptyException.class, () -> forget(admin, queue));
      }
      forget(admin, queue);
      Harness.equal(queue.position(), null);
    }
    try (var member = queue.member()) {
      Harness.equal(Queue.told(Queue.next(member)), List.of("1 1", "2 1"));
    }
  }

  private static void forget(Admin admin, Queue queue) throws Exception {
    admin.deleteShareGroupOffsets(queue.group(), Set.of(queue.topic())).all().get();
  }
}
