import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** Kafka Streams doing the lesser work: decode, keep the latest revision per register in RocksDB, sum; no facts, no rows. */
public final class KafkaStreamsPeer {
    /** What is known of a contract. */
    private static final class Contract {
        private GenericDatumReader<GenericRecord> reader;
        private String family;
        private String register;
        private final List<String> subkey = new ArrayList<>();
        private String amount;
    }

    private static final Map<Integer, Contract> CONTRACTS = new HashMap<>();
    private static final Map<String, long[]> SUMS = new TreeMap<>();
    private static final CountDownLatch DONE = new CountDownLatch(1);
    private static long left;
    private static long began;

    /** Folds one record after the other. */
    private static final class Fold implements Processor<byte[], byte[], Void, Void> {
        private KeyValueStore<String, byte[]> store;
        private BinaryDecoder decoder;
        private GenericRecord reused;

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            store = context.getStateStore("registers");
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            if (began == 0) {
                began = System.nanoTime();
            }
            fold(record.value());
            if (--left == 0) {
                DONE.countDown();
            }
        }

        private void fold(byte[] value) {
            Contract contract = value.length > 5 && value[0] == 0 ? CONTRACTS.get(ByteBuffer.wrap(value, 1, 4).getInt()) : null;
            if (contract == null) {
                return;
            }
            GenericRecord facts;
            try {
                decoder = DecoderFactory.get().binaryDecoder(value, 5, value.length - 5, decoder);
                facts = contract.reader.read(null, decoder);
            } catch (Exception error) {
                return;
            }
            StringBuilder name = new StringBuilder(contract.register);
            for (int at = 0; at < contract.subkey.size(); at++) {
                name.append(at == 0 ? ':' : '|').append(facts.get(contract.subkey.get(at)));
            }
            String group = facts.get("bureau") + "\t" + contract.family;
            String key = group + "\t" + facts.get("entity_key") + "\t" + name;
            long revision = (Long) facts.get("revision");
            long amount = contract.amount.isEmpty() ? 0 : fen((ByteBuffer) facts.get(contract.amount));
            byte[] present = store.get(key);
            long before = 0;
            if (present != null) {
                ByteBuffer stored = ByteBuffer.wrap(present);
                if (revision <= stored.getLong()) {
                    return;
                }
                before = stored.getLong();
            }
            store.put(key, ByteBuffer.allocate(16).putLong(revision).putLong(amount).array());
            long[] sums = SUMS.computeIfAbsent(group, unused -> new long[2]);
            sums[0] += present == null ? 1 : 0;
            sums[1] += amount - before;
        }

        private static long fen(ByteBuffer raw) {
            byte[] bytes = new byte[raw.remaining()];
            raw.duplicate().get(bytes);
            return new java.math.BigInteger(bytes).longValueExact();
        }
    }

    public static void main(String[] arguments) throws Exception {
        JsonNode given = new ObjectMapper().readTree(arguments[0]);
        for (JsonNode entry : new ObjectMapper().readTree(new File(given.get("contracts").asText()))) {
            Contract contract = new Contract();
            contract.reader = new GenericDatumReader<>(new Schema.Parser().parse(entry.get("schema").toString()));
            contract.family = entry.get("family").asText();
            contract.register = entry.get("register").asText();
            contract.amount = entry.get("amount").asText();
            entry.get("subkey").forEach(part -> contract.subkey.add(part.asText()));
            CONTRACTS.put(entry.get("id").asInt(), contract);
        }
        left = given.get("events").asLong();
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, given.get("group").asText());
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, given.get("bootstrap_servers").asText());
        settings.put(StreamsConfig.STATE_DIR_CONFIG, given.get("folder").asText());
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put("auto.offset.reset", "earliest");
        List<String> topics = new ArrayList<>();
        given.get("topics").forEach(topic -> topics.add(topic.asText()));
        Topology topology = new Topology();
        topology.addSource("in", new ByteArrayDeserializer(), new ByteArrayDeserializer(), topics.toArray(new String[0]));
        topology.addProcessor("fold", Fold::new, "in");
        topology.addStateStore(
            Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("registers"), Serdes.String(), Serdes.ByteArray()), "fold");
        KafkaStreams streams = new KafkaStreams(topology, settings);
        long events = left;
        streams.start();
        DONE.await();
        double seconds = (System.nanoTime() - began) / 1e9;
        double cpu = ((com.sun.management.OperatingSystemMXBean) java.lang.management.ManagementFactory.getOperatingSystemMXBean())
            .getProcessCpuTime() / 1e9;
        List<Object[]> figures = new ArrayList<>();
        SUMS.forEach((group, sums) -> figures.add(new Object[] {group.split("\t")[0], group.split("\t")[1], sums[0], sums[1]}));
        Map<String, Object> said = new HashMap<>(Map.of("events", events, "seconds", seconds, "cpu", cpu, "rss", peak(), "figures", figures));
        System.out.println(new ObjectMapper().writeValueAsString(said));
        streams.close(java.time.Duration.ofSeconds(10));
        System.exit(0);
    }

    private static double peak() throws Exception {
        for (String line : java.nio.file.Files.readAllLines(java.nio.file.Path.of("/proc/self/status"))) {
            if (line.startsWith("VmHWM")) {
                return Long.parseLong(line.replaceAll("\\D+", "")) / 1024.0;
            }
        }
        return 0;
    }
}
