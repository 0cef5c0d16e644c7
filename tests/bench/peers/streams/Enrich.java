import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Properties;
import org.ahocorasick.trie.Emit;
import org.ahocorasick.trie.Trie;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * Enrich BROKERS APPLICATION RAW ENRICHED DUPLICATES ALIASES WORDS: what Kafka Streams is used for
 * instead of tocsin. Exact copies (of one partition), names by Aho-Corasick, a score by a list of
 * words; exactly once.
 */
public class Enrich {
  static final ObjectMapper JSON = new ObjectMapper();

  static class Judge implements Processor<byte[], byte[], byte[], byte[]> {
    final Trie names;
    final Trie words;
    ProcessorContext<byte[], byte[]> context;
    KeyValueStore<Long, byte[]> seen;

    Judge(Trie names, Trie words) {
      this.names = names;
      this.words = words;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
      this.context = context;
      seen = context.getStateStore("seen");
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
      try {
        JsonNode article = JSON.readTree(record.value());
        String text = article.path("title").asText() + "\n" + article.path("body").asText();
        String folded = text.toLowerCase(Locale.ROOT);
        long hash = 1125899906842597L;
        for (int i = 0; i < folded.length(); ++i) {
          char letter = folded.charAt(i);
          if (!Character.isWhitespace(letter)) hash = 31 * hash + letter;
        }
        ObjectNode result = JSON.createObjectNode();
        byte[] id = article.path("id").asText().getBytes();
        byte[] first = seen.putIfAbsent(hash, id);
        result.put("id", article.path("id").asText());
        if (first != null) {
          result.put("copy_of", new String(first));
          context.forward(record.withValue(JSON.writeValueAsBytes(result)), "duplicates");
          return;
        }
        result.put("title", article.path("title").asText());
        ArrayNode found = result.putArray("names");
        for (Emit name : names.parseText(text)) {
          found.addObject().put("name", name.getKeyword()).put("begin", name.getStart()).put("end", name.getEnd() + 1);
        }
        int hits = words.parseText(folded).size();
        result.put("score", Math.min(100, hits * 1000 / Math.max(1, folded.length() / 6)));
        context.forward(record.withValue(JSON.writeValueAsBytes(result)), "enriched");
      } catch (java.io.IOException error) {
        throw new RuntimeException(error);
      }
    }
  }

  static Trie trie(String path) throws java.io.IOException {
    var builder = Trie.builder().onlyWholeWords().ignoreOverlaps();
    for (String line : Files.readAllLines(Path.of(path))) builder.addKeyword(line);
    return builder.build();
  }

  public static void main(String[] args) throws Exception {
    Trie names = trie(args[5]);
    Trie words = trie(args[6]);
    Topology topology = new Topology();
    topology.addSource("raw", Serdes.ByteArray().deserializer(), Serdes.ByteArray().deserializer(), args[2]);
    topology.addProcessor("judge", () -> new Judge(names, words), "raw");
    topology.addStateStore(Stores.keyValueStoreBuilder(
        Stores.inMemoryKeyValueStore("seen"), Serdes.Long(), Serdes.ByteArray()), "judge");
    topology.addSink("enriched", args[3], Serdes.ByteArray().serializer(), Serdes.ByteArray().serializer(), "judge");
    topology.addSink("duplicates", args[4], Serdes.ByteArray().serializer(), Serdes.ByteArray().serializer(), "judge");
    Properties settings = new Properties();
    settings.put("bootstrap.servers", args[0]);
    settings.put("application.id", args[1]);
    settings.put("processing.guarantee", "exactly_once_v2");
    settings.put("num.stream.threads", "2");
    settings.put("replication.factor", "1");
    settings.put("auto.offset.reset", "earliest");
    settings.put("state.dir", args[7]);
    settings.put("producer.compression.type", "lz4");
    settings.put("producer.linger.ms", "5");
    settings.put("consumer.max.poll.records", "2000");
    new KafkaStreams(topology, settings).start();
  }
}
