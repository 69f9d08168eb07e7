// SPDX-License-Identifier: Apache-2.0
// Writes compact JSON into a strbuf: commas, quotes and escapes are its work, balance is asserted.
// Failures are sticky in the strbuf. Pure.
#ifndef SLUICE_JSON_OUT_H
#define SLUICE_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/strbuf.h"
#include "common/base/strview.h"
#include "common/json/view.h"

struct json_out {
    struct strbuf *buf; // borrowed
    unsigned depth;
    bool need_comma;
};

#define JSON_OUT(strbuf_ptr) ((struct json_out){.buf = (strbuf_ptr)})

/// Begin and end a container, as a value of the current array, or after json_out_key().
void json_out_begin_object(struct json_out *o);
void json_out_end_object(struct json_out *o);
void json_out_begin_array(struct json_out *o);
void json_out_end_array(struct json_out *o);

/// The next value's key.
void json_out_key(struct json_out *o, struct strview key);

/// A string; bytes that are no UTF-8 become U+FFFD, control characters are escaped.
void json_out_string(struct json_out *o, struct strview s);
void json_out_int(struct json_out *o, int64_t v);
/// A finite number: the shortest decimal form that reads back as the same double; integral ones
/// below 1e21 as plain digits.
void json_out_double(struct json_out *o, double v);
void json_out_bool(struct json_out *o, bool v);
void json_out_null(struct json_out *o);

/// A text that is one JSON value already, as it is.
void json_out_raw(struct json_out *o, struct strview json_text);

/// A parsed value, written out again (numbers beyond 2^53 lose digits: never for a user's whole
/// object, only for parts that are rendered into something of ours).
void json_out_value(struct json_out *o, const struct json *v);

/// Key and value in one call; the string form writes nothing when S is absent.
void json_out_kv_string(struct json_out *o, const char *key, struct strview s);
void json_out_kv_str(struct json_out *o, const char *key, const char *s);
void json_out_kv_int(struct json_out *o, const char *key, int64_t v);
void json_out_kv_bool(struct json_out *o, const char *key, bool v);
/// `"key":{` and `"key":[`.
void json_out_key_object(struct json_out *o, const char *key);
void json_out_key_array(struct json_out *o, const char *key);

#endif
