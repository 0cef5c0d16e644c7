import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Copy BROKERS GROUP RAW OUT: records as they are, exactly once. What the broker and a client cost. */
public class Copy {
  static final int COMMIT_MS = 100;

  public static void main(String[] args) {
    Map<String, Object> reading = Map.of("bootstrap.servers", args[0], "group.id", args[1],
        "enable.auto.commit", false, "auto.offset.reset", "earliest", "isolation.level", "read_committed",
        "max.poll.records", 2000);
    Map<String, Object> writing = Map.of("bootstrap.servers", args[0], "transactional.id", args[1] + "-copy",
        "acks", "all", "linger.ms", 5, "batch.size", 262144, "compression.type", "lz4");
    try (var consumer = new KafkaConsumer<>(reading, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        var producer = new KafkaProducer<>(writing, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.initTransactions();
      consumer.subscribe(List.of(args[2]));
      Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
      long begun = 0;
      while (true) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(10))) {
          if (offsets.isEmpty()) {
            producer.beginTransaction();
            begun = System.currentTimeMillis();
          }
          producer.send(new ProducerRecord<>(args[3], record.key(), record.value()));
          offsets.put(new TopicPartition(record.topic(), record.partition()),
              new OffsetAndMetadata(record.offset() + 1));
        }
        if (!offsets.isEmpty() && System.currentTimeMillis() - begun >= COMMIT_MS) {
          producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
          producer.commitTransaction();
          offsets.clear();
        }
      }
    }
  }
}
