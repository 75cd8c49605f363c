/** The cases of transactions, with an older client. The argument is the bootstrap server. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) throws InterruptedException {
    Harness.bootstrap = arguments[0];
    Harness harness = new Harness();
    TransactionCases.addTo(harness);
    TransactionAdminCases.addTo(harness);
    harness.runAll();
  }
}
