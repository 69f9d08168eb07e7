// SPDX-License-Identifier: Apache-2.0
#include "common/flink/decode.h"

#include "common/flink/kind.h"
#include "common/flink/places.h"
#include "common/kind/decode.h"

void flink_decode_update(const struct json *object, const struct json *old,
                         struct flink_cluster *ret, struct violations *faults)
{
    struct kind_object o;
    kind_decode(&flink_kind, object, old, &o, &ret->spec, faults);
    ret->self = o.self;
    ret->metadata = o.metadata;
    ret->status = o.status;
    ret->name = o.name;
    ret->generate_name = o.generate_name;
    ret->ns = o.ns;
    ret->foreign = o.foreign;
    places_read(ret, faults->arena);
}

void flink_decode(const struct json *object, struct flink_cluster *ret, struct violations *faults)
{
    flink_decode_update(object, NULL, ret, faults);
}
