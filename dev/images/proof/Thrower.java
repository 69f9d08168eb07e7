// SPDX-License-Identifier: Apache-2.0
package dev.sluice.proof;

import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Fails: --when main (before there is a job) or --when run (in a task, at the first number). */
public final class Thrower {
    private Thrower() {}

    public static void main(String[] args) throws Exception {
        String when = new Options(args).text("when", "main");
        if (when.equals("main")) {
            throw new IllegalStateException("main() was told to throw");
        }
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.fromSource(new NumberSequenceSource(0, 9), WatermarkStrategy.noWatermarks(), "numbers")
                .map(new Fail())
                .print();
        env.execute("thrower");
    }

    private static final class Fail implements MapFunction<Long, Long> {
        @Override
        public Long map(Long n) {
            throw new IllegalStateException("number " + n + " was told to throw");
        }
    }
}
