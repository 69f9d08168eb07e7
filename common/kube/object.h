// SPDX-License-Identifier: Apache-2.0
// One immutable object as a store keeps it: one piece of memory, of the object's text and a head
// with views into it.
#ifndef SLUICE_KUBE_OBJECT_H
#define SLUICE_KUBE_OBJECT_H

#include "common/kube/store.h"

/// What PACK (NULL: all but managedFields) leaves of TEXT; one reference. E_PARSE, E_INVALID (no
/// metadata.name), E_NOMEM.
MUST_USE int kube_object_pack(struct strview text, kube_pack_fn *pack, int kind,
                              struct kube_object **ret, struct err *err);

#endif
