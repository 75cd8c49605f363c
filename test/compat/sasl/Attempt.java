import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerToken;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerTokenCallback;
import org.apache.kafka.common.security.auth.SaslExtensionsCallback;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** One attempt of the Java client to write and read a record. */
public final class Attempt {
  private static String token;

  private Attempt() {}

  /** Gives the client the token it was told. */
  public static final class Bearer implements AuthenticateCallbackHandler {
    @Override
    public void configure(Map<String, ?> c, String m, List<AppConfigurationEntry> entries) {}

    @Override
    public void close() {}

    @Override
    public void handle(Callback[] callbacks) throws IOException, UnsupportedCallbackException {
      for (Callback callback : callbacks) {
        if (callback instanceof OAuthBearerTokenCallback asked) asked.token(new Token(token));
        else if (!(callback instanceof SaslExtensionsCallback)) {
          throw new UnsupportedCallbackException(callback);
        }
      }
    }
  }

  private record Token(String value) implements OAuthBearerToken {
    @Override
    public Set<String> scope() {
      return Set.of();
    }

    @Override
    public long lifetimeMs() {
      return System.currentTimeMillis() + 600_000;
    }

    @Override
    public String principalName() {
      return "whoever";
    }

    @Override
    public Long startTimeMs() {
      return null;
    }
  }

  public static void main(String[] arguments) throws Exception {
    String mechanism = arguments[1];
    token = arguments[3];
    Map<String, Object> options = new HashMap<>();
    options.put("bootstrap.servers", arguments[0]);
    options.put("security.protocol", "SASL_PLAINTEXT");
    options.put("sasl.mechanism", mechanism);
    options.put("max.block.ms", 8_000);
    options.put("sasl.jaas.config", jaas(mechanism, arguments[2], arguments[3]));
    if (mechanism.equals("OAUTHBEARER")) {
      options.put("sasl.login.callback.handler.class", Bearer.class.getName());
    }
    try {
      System.out.println("{\"read\":\"" + letter(options, mechanism) + "\"}");
    } catch (ExecutionException | SaslAuthenticationException thrown) {
      Throwable cause = thrown instanceof ExecutionException ? thrown.getCause() : thrown;
      String said = (cause.getClass().getSimpleName() + " " + cause.getMessage());
      System.out.println("{\"error\":\"" + said.replace("\"", "'") + "\"}");
    }
  }

  private static String letter(Map<String, Object> options, String value) throws Exception {
    StringSerializer writing = new StringSerializer();
    StringDeserializer reading = new StringDeserializer();
    try (var producer = new KafkaProducer<>(options, writing, writing);
        var consumer = new KafkaConsumer<>(options, reading, reading)) {
      producer.send(new ProducerRecord<>("letters", value)).get(10, TimeUnit.SECONDS);
      TopicPartition partition = new TopicPartition("letters", 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      return consumer.poll(Duration.ofSeconds(10)).iterator().next().value();
    }
  }

  private static String jaas(String mechanism, String user, String password) {
    String who = " required username=\"" + user + "\" password=\"" + password + "\";";
    String common = "org.apache.kafka.common.security.";
    return switch (mechanism) {
      case "PLAIN" -> common + "plain.PlainLoginModule" + who;
      case "OAUTHBEARER" -> common + "oauthbearer.OAuthBearerLoginModule required;";
      default -> common + "scram.ScramLoginModule" + who;
    };
  }
}
