// SPDX-License-Identifier: Apache-2.0
#include "common/flink/options.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "common/base/macros.h"
#include "common/flink/option_rows.h"

#define POOL_BLOCK      4096
#define NO_CANONICAL    0xffff
#define NEAREST_KEY_MIN 6 // shorter ones are near to anything
#define NEAREST_KEY_MAX 128
#define NEAREST_MAX     2 // edits

// NAMES is sorted by length; SLOTS is an open hash table of index + 1, 0: free; OF_LENGTH[n] is the
// first name of N characters or more.
struct name {
    uint16_t at; // in POOL
    uint8_t len;
    uint8_t versions;   // bit per enum flink_release that reads this spelling
    bool former;        // only a former spelling, no row of its own
    uint16_t option;    // in OPTIONS
    uint16_t canonical; // in OPTIONS, or NO_CANONICAL: it is its own
    uint32_t letters;   // letters_of() the name
};

#include "common/flink/options_table.inc"

#define LONGEST (ARRAY_LEN(OF_LENGTH) - 2) // characters

static struct strview pool(uint16_t at, uint8_t len)
{
    return sv_make(&POOL[at / POOL_BLOCK][at % POOL_BLOCK], len);
}

static struct strview name_text(const struct name *n)
{
    return pool(n->at, n->len);
}

static bool has_release(uint8_t versions, enum flink_release release)
{
    return ((unsigned)versions >> release & 1u) != 0;
}

static bool has(uint8_t versions, struct flink_version v)
{
    return has_release(versions, flink_version_release(v));
}

static uint64_t mix(uint64_t h, const char *bytes)
{
    uint64_t w;
    memcpy(&w, bytes, sizeof(w));
    h = (h ^ le64toh(w)) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 32;
}

/// As in options_table.py: word by word, the last one ending with the key.
static size_t name_hash(struct strview key)
{
    uint64_t h = key.len;
    if (key.len < sizeof(h)) {
        char word[sizeof(h)] = {0};
        memcpy(word, key.ptr, key.len);
        return mix(h, word) & (ARRAY_LEN(SLOTS) - 1);
    }
    size_t last = key.len - sizeof(h);
    for (size_t at = 0; at < last; at += sizeof(h)) {
        h = mix(h, key.ptr + at);
    }
    return mix(h, key.ptr + last) & (ARRAY_LEN(SLOTS) - 1);
}

static const struct name *find_name(struct strview key)
{
    if (key.len == 0 || key.len > LONGEST) {
        return NULL;
    }
    for (size_t at = name_hash(key); SLOTS[at] != 0; at = (at + 1) & (ARRAY_LEN(SLOTS) - 1)) {
        const struct name *n = &NAMES[SLOTS[at] - 1];
        if (sv_eq(key, name_text(n))) {
            return n;
        }
    }
    return NULL;
}

static struct strview canonical_of(const struct name *n, struct strview key)
{
    return n != NULL && n->canonical != NO_CANONICAL ? flink_option_key(&OPTIONS[n->canonical])
                                                     : key;
}

struct flink_option_match flink_option_find(struct strview key)
{
    const struct name *n = find_name(key);
    if (n != NULL) {
        return (struct flink_option_match){.option = &OPTIONS[n->option],
                                           .former = n->former,
                                           .canonical = canonical_of(n, key),
                                           .versions = n->versions};
    }
    for (size_t dot = key.len; dot-- > 0;) {
        if (key.ptr[dot] != '.') {
            continue;
        }
        n = find_name(sv_sub(key, 0, dot));
        if (n != NULL && OPTIONS[n->option].type == FLINK_MAP) {
            return (struct flink_option_match){.option = &OPTIONS[n->option],
                                               .former = n->former,
                                               .sub = sv_from_pos(key, dot + 1),
                                               .canonical = key};
        }
    }
    return (struct flink_option_match){.canonical = key};
}

struct strview flink_option_key(const struct flink_option *o)
{
    return pool(o->at, o->len);
}

struct strview flink_option_canonical(struct strview key)
{
    return canonical_of(find_name(key), key);
}

struct strview flink_option_spelling(struct strview key, struct flink_version version)
{
    struct strview canonical = flink_option_canonical(key);
    const struct name *own = find_name(canonical);
    if (own == NULL) {
        return key;
    }
    if (has(OPTIONS[own->option].versions, version)) {
        return canonical;
    }
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        const struct name *n = &NAMES[i];
        if (n->canonical == own->option && !n->former &&
            has(OPTIONS[n->option].versions, version)) {
            return name_text(n);
        }
    }
    return key;
}

bool flink_option_known_in(struct strview key, struct flink_version version)
{
    const struct name *n = find_name(key);
    return n != NULL && has(n->versions, version);
}

void flink_option_put_versions(struct strbuf *b, const struct flink_option *o)
{
    enum flink_release first = 0, last = FLINK_RELEASE_COUNT - 1;
    while (((unsigned)o->versions >> first & 1u) == 0) {
        first++;
    }
    while (((unsigned)o->versions >> last & 1u) == 0) {
        last--;
    }
    struct flink_version from = flink_version_of(first), to = flink_version_of(last);
    strbuf_printf(b, "%d.%d", from.major, from.minor);
    if (last == FLINK_RELEASE_COUNT - 1) {
        strbuf_put_str(b, " and newer");
    } else if (last != first) {
        strbuf_printf(b, "–%d.%d", to.major, to.minor);
    }
}

enum flink_option_type flink_option_type(const struct flink_option *o, struct flink_version version)
{
    bool later = o->later_from != 0 && flink_version_release(version) >= o->later_from;
    return later ? o->later_type : o->type;
}

bool flink_option_value(const struct flink_option *o, size_t i, struct flink_version version,
                        struct strview *ret)
{
    const struct enum_value *v = &VALUES[o->first_value + i];
    *ret = pool(v->at, v->len);
    return has(v->versions, version);
}

size_t flink_option_count(void)
{
    return ARRAY_LEN(OPTIONS);
}

const struct flink_option *flink_option_at(size_t i)
{
    return &OPTIONS[i];
}

size_t flink_option_index(const struct flink_option *o)
{
    return (size_t)(o - OPTIONS);
}

/// The Levenshtein distance of A and B when it is at most NEAREST_MAX, else more than that. Only
/// the cells within NEAREST_MAX of the diagonal can matter.
static unsigned distance(struct strview a, struct strview b)
{
    size_t same = 0; // what both begin with costs no edit
    while (same < a.len && same < b.len && a.ptr[same] == b.ptr[same]) {
        same++;
    }
    a = sv_from_pos(a, same);
    b = sv_from_pos(b, same);
    unsigned char rows[2][NEAREST_KEY_MAX + 1];
    for (size_t j = 0; j <= NEAREST_MAX && j <= b.len; j++) {
        rows[0][j] = (unsigned char)j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        const unsigned char *up = rows[(i - 1) % 2];
        unsigned char *row = rows[i % 2];
        unsigned best = NEAREST_MAX + 1;
        size_t low = i > NEAREST_MAX ? i - NEAREST_MAX : 0;
        size_t high = i + NEAREST_MAX < b.len ? i + NEAREST_MAX : b.len;
        for (size_t j = low; j <= high; j++) {
            unsigned cell = NEAREST_MAX + 1;
            if (j == 0) {
                cell = (unsigned)i;
            } else {
                cell = up[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1] ? 1U : 0U);
                cell = j > low && row[j - 1] + 1U < cell ? row[j - 1] + 1U : cell;
                cell = j < i + NEAREST_MAX && up[j] + 1U < cell ? up[j] + 1U : cell;
            }
            row[j] = (unsigned char)cell;
            best = cell < best ? cell : best;
        }
        if (best > NEAREST_MAX) {
            return best;
        }
    }
    return rows[a.len % 2][b.len];
}

/// Whether more than N bits are set. (Without a machine's own instruction to count them, taking off
/// the lowest ones is the shortest way.)
static bool more_bits_than(uint32_t bits, unsigned n)
{
    for (; n > 0; n--) {
        bits &= bits - 1;
    }
    return bits != 0;
}

/// Which characters there are, folded to 32 bits: an edit changes two of them at most.
static uint32_t letters_of(struct strview s)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < s.len; i++) {
        bits |= UINT32_C(1) << ((unsigned char)s.ptr[i] % 32);
    }
    return bits;
}

struct strview flink_option_nearest(struct strview key, struct flink_version version)
{
    if (key.len < NEAREST_KEY_MIN || key.len > NEAREST_KEY_MAX - NEAREST_MAX) {
        return SV_NONE;
    }
    struct strview nearest = SV_NONE;
    unsigned least = NEAREST_MAX + 1;
    uint32_t letters = letters_of(key);
    enum flink_release release = flink_version_release(version);
    size_t past = key.len + NEAREST_MAX < LONGEST ? key.len + NEAREST_MAX + 1 : LONGEST + 1;
    size_t first = key.len - NEAREST_MAX < past ? key.len - NEAREST_MAX : past;
    for (size_t i = OF_LENGTH[first]; i < OF_LENGTH[past] && least > 1; i++) {
        const struct name *n = &NAMES[i];
        if (more_bits_than(letters ^ n->letters, 2 * NEAREST_MAX) ||
            !has_release(n->versions, release)) {
            continue;
        }
        unsigned d = distance(key, name_text(n));
        if (d < least) {
            least = d;
            nearest = name_text(n);
        }
    }
    return nearest;
}

bool flink_option_is_open(struct strview key)
{
    // Read by file systems, Hadoop, reporters, security contexts, the SQL planner and its gateway,
    // Python and the job itself.
    static const struct strview FAMILIES[] = {
        SV_INIT("env."),
        SV_INIT("metrics.reporter."),
        SV_INIT("metrics.scope."),
        SV_INIT("traces.reporter."),
        SV_INIT("events.reporter."),
        SV_INIT("containerized."),
        SV_INIT("external-resource."),
        SV_INIT("high-availability."),
        SV_INIT("s3."),
        SV_INIT("s3a."),
        SV_INIT("presto."),
        SV_INIT("fs."),
        SV_INIT("gs."),
        SV_INIT("azure."),
        SV_INIT("hadoop."),
        SV_INIT("flink.hadoop."),
        SV_INIT("security."),
        SV_INIT("pipeline."),
        SV_INIT("table."),
        SV_INIT("sql-client."),
        SV_INIT("sql-gateway."),
        SV_INIT("workflow-scheduler."),
        SV_INIT("python."),
    };
    for (size_t i = 0; i < ARRAY_LEN(FAMILIES); i++) {
        if (sv_starts(key, FAMILIES[i])) {
            return true;
        }
    }
    return false;
}
