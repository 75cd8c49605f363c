/** Every case of share groups, in one JVM. The argument is the bootstrap server. */
public final class Main {
  private static final int AT_A_TIME = 10;

  private Main() {}

  public static void main(String[] arguments) throws InterruptedException {
    Harness.bootstrap = arguments[0];
    Harness quiet = new Harness(); // they mostly wait: for a heartbeat, for a lock to be over
    LockCases.addTo(quiet);
    AcknowledgeCases.addTo(quiet);
    DeliveryCases.addTo(quiet);
    StartCases.addTo(quiet);
    MemberCases.addTo(quiet);
    AdminCases.addTo(quiet);
    quiet.run(AT_A_TIME);
    Harness alone = new Harness();
    alone.add("share-restart", RestartCase::run);
    alone.run(1);
    Harness.end();
  }
}
