/** Every case of the Java client, in one JVM. The argument is the bootstrap server. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) throws InterruptedException {
    Harness.bootstrap = arguments[0];
    Harness harness = new Harness();
    ProducerCases.addTo(harness);
    ConsumerCases.addTo(harness);
    GroupCases.addTo(harness);
    ConsumerProtocolCases.addTo(harness);
    AdminCases.addTo(harness);
    TransactionCases.addTo(harness);
    TransactionAdminCases.addTo(harness);
    harness.runAll();
  }
}
