// SPDX-License-Identifier: Apache-2.0
package dev.sluice.proof;

import java.util.HashMap;
import java.util.Map;

/** Arguments "--name value". */
final class Options {
    private final Map<String, String> given = new HashMap<>();

    Options(String[] args) {
        for (int i = 0; i < args.length; i += 2) {
            if (!args[i].startsWith("--") || i + 1 == args.length) {
                throw new IllegalArgumentException("not an option with a value: " + args[i]);
            }
            given.put(args[i].substring(2), args[i + 1]);
        }
    }

    String text(String name) {
        String value = given.get(name);
        if (value == null) {
            throw new IllegalArgumentException("--" + name + " is needed");
        }
        return value;
    }

    String text(String name, String otherwise) {
        return given.getOrDefault(name, otherwise);
    }

    long number(String name, long otherwise) {
        String value = given.get(name);
        return value == null ? otherwise : Long.parseLong(value);
    }
}
