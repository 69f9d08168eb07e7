// SPDX-License-Identifier: Apache-2.0
#include "common/k8s/names.h"

#include <stdint.h>

#define LABEL_FMT     "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
#define SUBDOMAIN_FMT LABEL_FMT "(\\." LABEL_FMT ")*"
#define KEY_FMT       "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
#define REGEX(fmt)    "regex used for validation is '" fmt "')"
#define TOO_LONG(n)   "must be no more than " n " characters"
#define TOO_MANY(n)   "must be no more than " n " bytes" // what the newer half of apimachinery says
#define SUBDOMAIN_TEXT                                                                             \
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "   \
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', " REGEX(      \
        SUBDOMAIN_FMT)
#define KEY_TEXT                                                                                   \
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "    \
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', " REGEX(KEY_FMT)

static const char LABEL_BAD[] =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', " REGEX(
        LABEL_FMT);
static const char DNS1035_BAD[] =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or "
    "'abc-123', " REGEX("[a-z]([-a-z0-9]*[a-z0-9])?");
static const char LABEL_VALUE_BAD[] =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
    "'my_value',  or '12345', " REGEX("(" KEY_FMT ")?");
static const char ENV_BAD[] =
    "a valid environment variable name must consist only of printable ASCII characters other "
    "than '='";
static const char ENV_STRICT_BAD[] =
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', "
    "or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or "
    "'MyEnvName1', " REGEX("[-._a-zA-Z][-._a-zA-Z0-9]*");
static const char CONFIG_KEY_BAD[] =
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
    "'key.name',  or 'KEY_NAME',  or 'key-name', " REGEX("[-._a-zA-Z0-9]+");

struct faults {
    const char **texts;
    size_t count;
};

static void note(struct faults *f, const char *text)
{
    f->texts[f->count++] = text;
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower_or_digit(char c)
{
    return is_lower(c) || is_digit(c);
}

static bool is_alnum(char c)
{
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

/// Alphanumeric at both ends (by END), MIDDLE or alphanumeric between, not empty.
static bool has_form(struct strview s, bool (*end)(char), const char *middle)
{
    if (s.len == 0 || !end(s.ptr[0]) || !end(s.ptr[s.len - 1])) {
        return false;
    }
    for (size_t i = 1; i + 1 < s.len; i++) {
        if (!end(s.ptr[i]) && (s.ptr[i] == '\0' || strchr(middle, s.ptr[i]) == NULL)) {
            return false;
        }
    }
    return true;
}

static bool all_in(struct strview s, const char *others)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_alnum(s.ptr[i]) && (s.ptr[i] == '\0' || strchr(others, s.ptr[i]) == NULL)) {
            return false;
        }
    }
    return s.len != 0;
}

static bool is_label(struct strview s)
{
    return has_form(s, is_lower_or_digit, "-");
}

/// Labels with dots between; their length is not asked here, as in the API server.
static bool is_subdomain(struct strview s)
{
    struct strview piece;
    if (s.len == 0) {
        return false;
    }
    while (sv_split(&s, '.', &piece)) {
        if (!is_label(piece)) {
            return false;
        }
    }
    return true;
}

static void check_label(struct strview s, struct faults *f)
{
    if (s.len > DNS1123_LABEL_MAX) {
        note(f, TOO_LONG("63"));
    }
    if (!is_label(s)) {
        note(f, is_subdomain(s) ? "must not contain dots" : LABEL_BAD);
    }
}

static void check_subdomain(struct strview s, struct faults *f)
{
    if (s.len > DNS1123_SUBDOMAIN_MAX) {
        note(f, TOO_LONG("253"));
    }
    if (!is_subdomain(s)) {
        note(f, SUBDOMAIN_TEXT);
    }
}

static void check_dns1035(struct strview s, struct faults *f)
{
    if (s.len > DNS1035_LABEL_MAX) {
        note(f, TOO_LONG("63"));
    }
    if (!is_label(s) || !is_lower(s.ptr[0])) {
        note(f, DNS1035_BAD);
    }
}

/// PREFIX_OK tells whether the part before the slash, not empty, has the right form.
static void check_key(struct strview s, bool (*prefix_ok)(struct strview), struct faults *f)
{
    size_t slash = sv_find_char(s, '/');
    struct strview name = s;
    if (slash != SIZE_MAX) {
        struct strview prefix = sv_sub(s, 0, slash);
        name = sv_from_pos(s, slash + 1);
        if (sv_find_char(name, '/') != SIZE_MAX) {
            note(f, "a valid label key " KEY_TEXT
                    " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')");
            return;
        }
        if (prefix.len == 0) {
            note(f, "prefix part must be non-empty");
        } else {
            if (prefix.len > DNS1123_SUBDOMAIN_MAX) {
                note(f, "prefix part " TOO_MANY("253"));
            }
            if (!prefix_ok(prefix)) {
                note(f, "prefix part " SUBDOMAIN_TEXT);
            }
        }
    }
    if (name.len == 0) {
        note(f, "name part must be non-empty");
    } else if (name.len > LABEL_NAME_MAX) {
        note(f, "name part " TOO_MANY("63"));
    }
    if (!has_form(name, is_alnum, "-_.")) {
        note(f, "name part " KEY_TEXT);
    }
}

static bool is_subdomain_any_case(struct strview s)
{
    struct strview piece;
    if (s.len == 0) {
        return false;
    }
    while (sv_split(&s, '.', &piece)) {
        if (!has_form(piece, is_alnum, "-")) {
            return false;
        }
    }
    return true;
}

static void check_label_value(struct strview s, struct faults *f)
{
    if (s.len > LABEL_VALUE_MAX) {
        note(f, TOO_MANY("63"));
    }
    if (s.len != 0 && !has_form(s, is_alnum, "-_.")) {
        note(f, LABEL_VALUE_BAD);
    }
}

static void check_dots(struct strview s, struct faults *f)
{
    if (sv_eq_lit(s, ".")) {
        note(f, "must not be '.'");
    } else if (sv_eq_lit(s, "..")) {
        note(f, "must not be '..'");
    } else if (sv_starts(s, SV(".."))) {
        note(f, "must not start with '..'");
    }
}

static void check_env(struct strview s, struct faults *f)
{
    if (s.len == 0) {
        note(f, "environment variable name must be non-empty");
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7e || s.ptr[i] == '=') {
            note(f, ENV_BAD);
            return;
        }
    }
}

static void check_env_strict(struct strview s, struct faults *f)
{
    if (!all_in(s, "-._") || is_digit(s.ptr[0])) {
        note(f, ENV_STRICT_BAD);
    }
    check_dots(s, f);
}

static void check_config_key(struct strview s, struct faults *f)
{
    if (s.len > CONFIG_MAP_KEY_MAX) {
        note(f, TOO_LONG("253"));
    }
    if (!all_in(s, "-._")) {
        note(f, CONFIG_KEY_BAD);
    }
    check_dots(s, f);
}

static void check_port(struct strview s, struct faults *f)
{
    bool charset = s.len != 0;
    bool letter = false;
    for (size_t i = 0; i < s.len; i++) {
        charset = charset && (is_lower_or_digit(s.ptr[i]) || s.ptr[i] == '-');
        letter = letter || is_lower(s.ptr[i]);
    }
    if (s.len > PORT_NAME_MAX) {
        note(f, TOO_LONG("15"));
    }
    if (!charset) {
        note(f, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    }
    if (!letter) {
        note(f, "must contain at least one letter (a-z)");
    }
    if (sv_find(s, SV("--")) != SIZE_MAX) {
        note(f, "must not contain consecutive hyphens");
    }
    if (s.len != 0 && (s.ptr[0] == '-' || s.ptr[s.len - 1] == '-')) {
        note(f, "must not begin or end with a hyphen");
    }
}

size_t name_faults(enum name_kind kind, struct strview s, const char *faults[NAME_FAULTS_MAX])
{
    struct faults f = {.texts = faults};
    switch (kind) {
    case NAME_DNS1123_LABEL:
        check_label(s, &f);
        break;
    case NAME_DNS1123_SUBDOMAIN:
        check_subdomain(s, &f);
        break;
    case NAME_DNS1035_LABEL:
        check_dns1035(s, &f);
        break;
    case NAME_LABEL_KEY:
        check_key(s, is_subdomain, &f);
        break;
    case NAME_ANNOTATION_KEY:
        check_key(s, is_subdomain_any_case, &f);
        break;
    case NAME_LABEL_VALUE:
        check_label_value(s, &f);
        break;
    case NAME_ENV_VAR:
        check_env(s, &f);
        break;
    case NAME_ENV_VAR_STRICT:
        check_env_strict(s, &f);
        break;
    case NAME_PORT:
        check_port(s, &f);
        break;
    case NAME_CONFIG_MAP_KEY:
        check_config_key(s, &f);
        break;
    case NAME_KIND_COUNT:
        break;
    }
    return f.count;
}

const char *name_fault(enum name_kind kind, struct strview s)
{
    const char *faults[NAME_FAULTS_MAX];
    return name_faults(kind, s, faults) != 0 ? faults[0] : NULL;
}
