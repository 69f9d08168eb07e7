// SPDX-License-Identifier: Apache-2.0
// A Sluice of the day after: it renders what it accepts anew in a format of its own, which makes
// other pods and another Service of the same spec. Linked with --wrap, so that the product has
// nothing of it.
#include "controller/desired.h"
#include "controller/objects.h"
#include "controller/plan_settings.h"
#include "controller/pod_text.h"

#define NEXT_FORMAT (RENDER_FORMAT + 1)

struct plan_settings __real_plan_settings_make(const char *ha_cluster_role);
struct plan_settings __wrap_plan_settings_make(const char *ha_cluster_role);
struct strview __real_pod_text(const struct reconcile *rc, const struct desired *d,
                               const struct pod_birth *birth, const struct json *template);
struct strview __wrap_pod_text(const struct reconcile *rc, const struct desired *d,
                               const struct pod_birth *birth, const struct json *template);
struct strview __real_rest_service_text(const struct reconcile *rc, const struct record *r);
struct strview __wrap_rest_service_text(const struct reconcile *rc, const struct record *r);

struct plan_settings __wrap_plan_settings_make(const char *ha_cluster_role)
{
    struct plan_settings s = __real_plan_settings_make(ha_cluster_role);
    s.render_format = NEXT_FORMAT;
    return s;
}

/// TEXT with MORE put behind its first AFTER.
static struct strview with(const struct reconcile *rc, struct strview text, const char *after,
                           const char *more)
{
    size_t at = sv_find(text, sv_from(after));
    ASSERT(at != SIZE_MAX);
    at += sv_from(after).len;
    return arena_printf(rc->arena, "%.*s%s%.*s", SV_ARG(sv_sub(text, 0, at)), more,
                        SV_ARG(sv_from_pos(text, at)));
}

struct strview __wrap_pod_text(const struct reconcile *rc, const struct desired *d,
                               const struct pod_birth *birth, const struct json *template)
{
    struct strview text = __real_pod_text(rc, d, birth, template);
    return d->record->format == NEXT_FORMAT
               ? with(rc, text, "\"spec\":{", "\"activeDeadlineSeconds\":86400,")
               : text;
}

struct strview __wrap_rest_service_text(const struct reconcile *rc, const struct record *r)
{
    struct strview text = __real_rest_service_text(rc, r);
    return r->format == NEXT_FORMAT
               ? with(rc, text, "\"labels\":{", "\"example.com/next\":\"yes\",")
               : text;
}
