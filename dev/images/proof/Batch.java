// SPDX-License-Identifier: Apache-2.0
package dev.sluice.proof;

import org.apache.flink.api.common.RuntimeExecutionMode;

/** A finite batch job with the output of StateProof, whose options it takes; --max is needed. */
public final class Batch {
    private Batch() {}

    public static void main(String[] args) throws Exception {
        Options options = new Options(args);
        options.text("max");
        StateProof.run(options, RuntimeExecutionMode.BATCH, "batch");
    }
}
