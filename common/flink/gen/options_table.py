#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes options_table.inc from flink-options.tsv.

    options_table.py TSV INC           writes INC
    options_table.py --check TSV INC   exits 1 when INC is not what TSV gives

The TSV's columns: key; versions ("1.17-2.3"); type, or types by version ("1.17:Long ;
1.20:Duration"); default; values of an enum, or values by version; former keys, '!' after one that
is a deprecated spelling, none after one that Flink only falls back to; last column unused.
"""
import re
import sys

RELEASES = ["1.17", "1.18", "1.19", "1.20", "2.0", "2.1", "2.2", "2.3"]
TYPES = {
    "String": "STRING", "Boolean": "BOOLEAN", "Integer": "INTEGER", "Long": "LONG",
    "Float": "FLOAT", "Double": "DOUBLE", "Duration": "DURATION", "MemorySize": "MEMORY_SIZE",
    "enum": "ENUM",
    "list<String>": "LIST_STRING", "list<enum>": "LIST_ENUM", "list<Map>": "LIST_MAP", "Map": "MAP",
}
BLOCK = 4096  # a string literal of C holds 4095 bytes
NONE = 0xFFFF
SLOTS = 4096  # of the hash table: a power of two, a few times the number of names


def mask(versions):
    """"1.17-1.20" or "2.3" as a bitset of releases."""
    first, _, last = versions.partition("-")
    a, b = RELEASES.index(first), RELEASES.index(last or first)
    return sum(1 << i for i in range(a, b + 1))


def by_version(text):
    """"1.17:Long ; 1.20:Duration" as [(0, "Long"), (3, "Duration")]; a plain text holds from 0."""
    if not re.match(r"^1\.17:|^1\.1[89]:|^1\.20:|^2\.\d:", text):
        return [(0, text)]
    parts = [part.split(":", 1) for part in text.split(" ; ")]
    return [(RELEASES.index(version), value) for version, value in parts]


class Option:
    def __init__(self, line):
        cells = line.rstrip("\n").split("\t")
        cells += [""] * (7 - len(cells))
        self.key, versions, types, _, values, formers, _ = cells
        self.mask = mask(versions)
        self.types = [(since, TYPES[name]) for since, name in by_version(types)]
        if len(self.types) > 2:
            sys.exit(f"{self.key}: more than two types")
        self.values = self.enum_values(values)
        self.formers = [(f.rstrip("!"), f.endswith("!")) for f in formers.split()]

    @staticmethod
    def enum_values(values):
        """[(value, bitset of the releases that know it)]"""
        steps = by_version(values)
        known = {}
        for n, (since, text) in enumerate(steps):
            until = steps[n + 1][0] if n + 1 < len(steps) else len(RELEASES)
            for value in filter(None, text.split("|")):
                bits = sum(1 << i for i in range(since, until))
                known[value] = known.get(value, 0) | bits
        return list(known.items())


class Pool:
    """Strings without terminators, in blocks that none of them crosses."""

    def __init__(self):
        self.blocks = [[]]
        self.used = 0
        self.places = {}

    def add(self, text):
        if text not in self.places:
            if self.used + len(text) > BLOCK - 1:
                self.blocks.append([])
                self.used = 0
            self.places[text] = (len(self.blocks) - 1) * BLOCK + self.used
            self.blocks[-1].append(text)
            self.used += len(text)
        place = self.places[text]
        if place >= NONE or len(text) > 255:
            sys.exit(f"{text}: the pool's numbers are too small")
        return f"{place}, {len(text)}"


def canonical(name, targets):
    """The one option that NAME is a deprecated spelling of, followed to its end, or NAME."""
    seen = {name}
    while True:
        # Two options may share a spelling because one of them was renamed to the other.
        ends = {canonical(end, targets) for end in targets.get(name, []) if end not in seen}
        if len(ends) != 1:
            return name
        name = ends.pop()
        if name in seen or not targets.get(name):
            return name
        seen.add(name)


def name_hash(name):
    """name_hash() of options.c: word by word, the last one ending with the name."""
    data, wide = name.encode(), (1 << 64) - 1
    h, last = len(data), max(len(data) - 8, 0)
    for at in [*range(0, last, 8), last]:
        h = (h ^ int.from_bytes(data[at:at + 8], "little")) * 0x9E3779B97F4A7C15 & wide
        h ^= h >> 32
    return h % SLOTS


def letters(name):
    """letters_of() of options.c: which characters there are, folded to 32 bits."""
    bits = 0
    for c in name.encode():
        bits |= 1 << c % 32
    return bits


def numbers(items, width=16):
    return ["    " + " ".join(f"{n}," for n in items[i:i + width]) for i in range(0, len(items), width)]


def make(tsv):
    with open(tsv, encoding="utf-8") as lines:
        next(lines)
        options = [Option(line) for line in lines]
    # A placeholder of the documentation, not a key.
    options = sorted((o for o in options if re.match(r"^[A-Za-z0-9$._-]+$", o.key)),
                     key=lambda o: o.key.encode())
    index = {o.key: i for i, o in enumerate(options)}
    targets = {}  # deprecated spelling -> options
    readers = {}  # any former key -> options
    for o in options:
        for former, deprecated in o.formers:
            if former == o.key:
                continue
            readers.setdefault(former, []).append(o.key)
            if deprecated:
                targets.setdefault(former, []).append(o.key)

    pool = Pool()
    values = []
    rows = []
    for o in options:
        first = len(values)
        for value, bits in o.values:
            values.append(f"    {{{pool.add(value)}, 0x{bits & o.mask or bits:02x}}}, // {value}")
        later = o.types[1] if len(o.types) == 2 else (0, o.types[0][1])
        rows.append(f"    {{{pool.add(o.key)}, 0x{o.mask:02x}, FLINK_{o.types[0][1]}, "
                    f"FLINK_{later[1]}, {later[0]}, {len(o.values)}, {first}}},")

    names = []
    spellings = sorted(set(index) | set(readers), key=lambda name: (len(name), name.encode()))
    for name in spellings:
        to = canonical(name, targets)
        bits = options[index[name]].mask if name in index else 0
        for reader in readers.get(name, []):
            bits |= options[index[reader]].mask
        option = index[name] if name in index else index[to if to in index else readers[name][0]]
        to_index = index[to] if to != name else NONE
        former = "false" if name in index else "true"
        names.append(f"    {{{pool.add(name)}, 0x{bits:02x}, {former}, {option}, {to_index}, "
                     f"0x{letters(name):08x}}},")

    slots = [0] * SLOTS
    for i, name in enumerate(spellings):
        at = name_hash(name)
        while slots[at] != 0:
            at = (at + 1) % SLOTS
        slots[at] = i + 1
    longest = len(spellings[-1])
    of_length = [sum(len(name) < n for name in spellings) for n in range(longest + 2)]

    out = ["// SPDX-License-Identifier: Apache-2.0",
           "// Made by common/flink/gen/options_table.py from flink-options.tsv. Don't edit.", "",
           "// clang-format off",
           f"static const char POOL[{len(pool.blocks)}][{BLOCK}] = {{"]
    for block in pool.blocks:
        out += [f'    "{text}"' for text in block]
        out[-1] += ","
    out += ["};", "", "static const struct enum_value VALUES[] = {", *values, "};", "",
            f"static const struct flink_option OPTIONS[{len(rows)}] = {{", *rows, "};", "",
            f"static const struct name NAMES[{len(names)}] = {{", *names, "};", "",
            f"static const uint16_t SLOTS[{SLOTS}] = {{", *numbers(slots), "};", "",
            f"static const uint16_t OF_LENGTH[{len(of_length)}] = {{", *numbers(of_length), "};",
            "// clang-format on", ""]
    return "\n".join(out)


def main(argv):
    check = argv[1:2] == ["--check"]
    if len(argv) != (4 if check else 3):
        sys.exit(__doc__)
    tsv, inc = argv[-2:]
    text = make(tsv)
    if not check:
        with open(inc, "w", encoding="utf-8") as f:
            f.write(text)
        return 0
    with open(inc, encoding="utf-8") as f:
        if f.read() == text:
            return 0
    print(f"{inc} is not what {tsv} gives: run common/flink/gen/options_table.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
