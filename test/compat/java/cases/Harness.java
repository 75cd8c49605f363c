import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/**
 * Cases, their time limit and the lines that program.ts reads: one JSON object a line. A case fails
 * by throwing; it runs on a thread of its own so that one which hangs does not stop the others.
 */
final class Harness {
  static final String WANTED = Objects.requireNonNullElse(System.getenv("COMPAT_CASE"), "");
  private static final long LIMIT_SECONDS = 60;
  private static final PrintStream OUT = System.out;
  private static final BufferedReader IN = new BufferedReader(new InputStreamReader(System.in));

  interface Case {
    void run() throws Exception;
  }

  /** Thrown by a case that cannot run here. */
  static final class Skip extends RuntimeException {
    private static final long serialVersionUID = 1;

    Skip(String reason) {
      super(reason);
    }
  }

  private final Map<String, Case> cases = new LinkedHashMap<>();
  static String bootstrap;

  void add(String name, Case body) {
    cases.put(name, body);
  }

  void runAll() throws InterruptedException {
    run(1);
    end();
  }

  /** Runs the cases, so many of them at a time. */
  void run(int atATime) throws InterruptedException {
    ExecutorService threads = Executors.newCachedThreadPool(Harness::daemon);
    List<Callable<Object>> wanted = new ArrayList<>();
    cases.forEach(
        (name, body) -> {
          if (!WANTED.isEmpty() && !WANTED.equals(name)) return;
          wanted.add(Executors.callable(() -> say(name, failureOf(threads, body))));
        });
    Executors.newFixedThreadPool(atATime, Harness::daemon).invokeAll(wanted);
  }

  static void end() {
    OUT.flush();
    Runtime.getRuntime().halt(0); // clients left behind by a failed case must not hold up the end
  }

  private static Throwable failureOf(ExecutorService threads, Case body) {
    Future<Throwable> result =
        threads.submit(
            () -> {
              try {
                body.run();
                return null;
              } catch (Throwable failure) {
                return failure;
              }
            });
    try {
      return result.get(LIMIT_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException late) {
      result.cancel(true);
      return new IllegalStateException("still running after " + LIMIT_SECONDS + " s");
    } catch (Exception failure) {
      return failure;
    }
  }

  private static void say(String name, Throwable failure) {
    if (failure == null) {
      print("{\"case\":" + quote(name) + ",\"verdict\":\"passed\"}");
      return;
    }
    String verdict = failure instanceof Skip ? "skipped" : "failed";
    String detail = failure instanceof Skip ? failure.getMessage() : trace(failure);
    print(
        "{\"case\":%s,\"verdict\":\"%s\",\"detail\":%s}"
            .formatted(quote(name), verdict, quote(detail)));
  }

  /** One line for whoever reads along. */
  static void note(String text) {
    print("{\"note\":" + quote(text) + "}");
  }

  private static synchronized void print(String line) {
    OUT.println(line);
    OUT.flush();
  }

  /** Stops the broker and starts it on the same ports and data; back when it is up again. */
  static void restartBroker() throws IOException {
    if (!"yes".equals(System.getenv("COMPAT_RESTARTABLE"))) {
      throw new Skip("this broker cannot be restarted from here");
    }
    print("{\"restart\":true}");
    IN.readLine();
  }

  private static String trace(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    String all = text.toString();
    return all.substring(0, Math.min(all.length(), 1500));
  }

  private static String quote(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (char one : text.toCharArray()) {
      if (one == '"' || one == '\\') quoted.append('\\').append(one);
      else if (one < ' ') quoted.append("\\u%04x".formatted((int) one));
      else quoted.append(one);
    }
    return quoted.append('"').toString();
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work);
    thread.setDaemon(true);
    return thread;
  }

  static Thread inBackground(Case work) {
    Thread thread =
        daemon(
            () -> {
              try {
                work.run();
              } catch (Exception failure) {
                failure.printStackTrace();
              }
            });
    thread.start();
    return thread;
  }

  /** A topic or group name that nobody has used before. */
  static String unique(String name) {
    return name + "-" + UUID.randomUUID().toString().substring(0, 8);
  }

  static void equal(Object actual, Object expected) {
    if (!Objects.equals(actual, expected)) {
      throw new AssertionError("expected " + expected + ", got " + actual);
    }
  }

  static void check(boolean holds, String what) {
    if (!holds) throw new AssertionError(what);
  }

  static void until(BooleanSupplier done, String what) throws InterruptedException {
    long limit = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!done.getAsBoolean()) {
      check(System.nanoTime() < limit, "waited in vain for " + what);
      Thread.sleep(20);
    }
  }

  /** What the body throws, or the cause of it where a future wrapped it; fails if it does not. */
  static <T extends Throwable> T raises(Class<T> type, Case body) {
    try {
      body.run();
    } catch (Throwable thrown) {
      for (Throwable one = thrown; one != null; one = one.getCause()) {
        if (type.isInstance(one)) return type.cast(one);
      }
      throw new AssertionError("expected " + type.getSimpleName(), thrown);
    }
    throw new AssertionError("expected " + type.getSimpleName() + ", and nothing was thrown");
  }
}
