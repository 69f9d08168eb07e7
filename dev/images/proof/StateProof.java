// SPDX-License-Identifier: Apache-2.0
package dev.sluice.proof;

import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.serialization.SimpleStringEncoder;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.core.fs.Path;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.filesystem.bucketassigners.BasePathBucketAssigner;
import org.apache.flink.streaming.api.functions.sink.filesystem.rollingpolicies.OnCheckpointRollingPolicy;
import org.apache.flink.util.Collector;

/**
 * A job whose output proves its state. Numbers 0, 1, 2, … come from one source task; number n belongs to key n % KEYS,
 * and keyed state counts each key's numbers. A line is "key n count", and n == key + (count - 1) * KEYS holds in every
 * line exactly when no number was lost, counted twice, or counted from a state that was not its own. Lines are committed
 * with the checkpoint that holds the state they came from, so the committed files have each count of a key once
 * (check_output.py).
 *
 * <pre>--out FOLDER      needed, on a file system that all pods share
 * --rate N          numbers a second, 200
 * --max N           ends after N numbers; else it runs on
 * --fail-at N       number N throws, again after each restart
 * --parallelism N   else that of the cluster
 * --checkpoint MS   else execution.checkpointing.interval, which must then be set</pre>
 */
public final class StateProof {
    static final int KEYS = 16;

    private StateProof() {}

    public static void main(String[] args) throws Exception {
        run(new Options(args), RuntimeExecutionMode.STREAMING, "state-proof");
    }

    static void run(Options options, RuntimeExecutionMode mode, String name) throws Exception {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setRuntimeMode(mode);
        long checkpoint = options.number("checkpoint", 0);
        if (checkpoint > 0) {
            env.enableCheckpointing(checkpoint);
        }
        long parallelism = options.number("parallelism", 0);
        if (parallelism > 0) {
            env.setParallelism((int) parallelism);
        }
        long last = options.number("max", Long.MAX_VALUE) - 1;
        FileSink<String> files =
                FileSink.forRowFormat(new Path(options.text("out")), new SimpleStringEncoder<String>())
                        .withBucketAssigner(new BasePathBucketAssigner<>())
                        .withRollingPolicy(OnCheckpointRollingPolicy.build())
                        .build();
        // One source task: each key's numbers arrive in order.
        env.fromSource(new NumberSequenceSource(0, last), WatermarkStrategy.noWatermarks(), "numbers")
                .uid("numbers")
                .setParallelism(1)
                .map(new Pace(options.number("rate", 200), options.number("fail-at", -1)))
                .name("pace")
                .uid("pace")
                .setParallelism(1)
                .keyBy(n -> n % KEYS)
                .process(new Count())
                .name("count")
                .uid("count")
                .sinkTo(files)
                .name("files")
                .uid("files");
        env.execute(name);
    }

    /** Lets the numbers through at a bounded rate. */
    private static final class Pace implements MapFunction<Long, Long> {
        private final long step; // numbers between two pauses, about 20 ms
        private final long pause;
        private final long failAt;
        private long seen;

        Pace(long rate, long failAt) {
            this.step = Math.max(1, rate / 50);
            this.pause = 1000 * step / rate;
            this.failAt = failAt;
        }

        @Override
        public Long map(Long n) throws Exception {
            if (n == failAt) {
                throw new IllegalStateException("number " + n + " was told to fail");
            }
            if (++seen % step == 0) {
                Thread.sleep(pause);
            }
            return n;
        }
    }

    private static final class Count extends KeyedProcessFunction<Long, Long, String> {
        // Asked for by the first element: open() has another signature in each major version.
        private transient ValueState<Long> count;

        @Override
        public void processElement(Long n, Context context, Collector<String> out) throws Exception {
            if (count == null) {
                count = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Types.LONG));
            }
            Long before = count.value();
            long now = before == null ? 1 : before + 1;
            count.update(now);
            out.collect(context.getCurrentKey() + " " + n + " " + now);
        }
    }
}
