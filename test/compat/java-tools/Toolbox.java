import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.apache.kafka.common.utils.Exit;

/**
 * Kafka's tools, one after the other in one JVM, each as its own main would run. A line of standard
 * input is a class and its arguments, each in Base64; the answer is a line with the exit code and
 * what was printed, in Base64. A tool ends with the first exit code it asks for.
 */
public final class Toolbox {
    private static final class Exited extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Exited() {
            super("exited", null, false, false);
        }
    }

    private static Integer exitCode;

    private Toolbox() {
    }

    public static void main(String[] args) throws Exception {
        Exit.Procedure exit = (code, message) -> {
            if (exitCode == null) exitCode = code;
            throw new Exited();
        };
        Exit.setExitProcedure(exit);
        Exit.setHaltProcedure(exit);
        Exit.setShutdownHookAdder((name, hook) -> { });
        PrintStream answers = System.out;
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] words = line.split(" ");
            for (int i = 0; i < words.length; i++) words[i] = decoded(words[i]);
            ByteArrayOutputStream printed = new ByteArrayOutputStream();
            PrintStream stream = new PrintStream(printed, true, StandardCharsets.UTF_8);
            System.setOut(stream);
            System.setErr(stream);
            int code = run(words[0], Arrays.copyOfRange(words, 1, words.length));
            answers.println(code + " " + Base64.getEncoder().encodeToString(printed.toByteArray()));
            answers.flush();
        }
    }

    private static String decoded(String word) {
        return new String(Base64.getDecoder().decode(word.substring(1)), StandardCharsets.UTF_8);
    }

    private static int run(String tool, String[] args) throws Exception {
        exitCode = null;
        try {
            Class.forName(tool).getMethod("main", String[].class).invoke(null, (Object) args);
        } catch (InvocationTargetException failure) {
            if (exitCode == null) {
                failure.getCause().printStackTrace();
                exitCode = 1;
            }
        }
        return exitCode == null ? 0 : exitCode;
    }
}
