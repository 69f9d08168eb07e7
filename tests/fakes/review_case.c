// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/review_case.h"

#include <stdlib.h>

#include "common/base/base64.h"
#include "common/json/out.h"
#include "tests/fakes/json_patch_apply.h"

static size_t chars(struct strview s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    }
    return n;
}

static void check_refusal(const struct json *status, struct case_answer *ret)
{
    ASSERT(sv_eq_lit(json_get_string(status, SV("status")), "Failure"));
    ASSERT(json_int(json_get_lit(status, "code"), &ret->code) && ret->code >= 400);
    ASSERT(ret->code == ret->result.code);
    ret->message = json_get_string(status, SV("message"));
    ASSERT(ret->message.len != 0);
    ret->causes = json_get_path(status, "details", "causes", NULL);
    ASSERT(json_count(ret->causes) <= REVIEW_CAUSES_MAX);
    ASSERT(ret->code != 422 || json_count(ret->causes) != 0);
    json_each(cause, ret->causes) {
        ASSERT(json_get_string(cause, SV("reason")).len != 0);
        ASSERT(json_get_string(cause, SV("message")).len != 0);
        ASSERT(json_get_string(cause, SV("field")).len != 0);
    }
}

static void check_warnings(const struct json *warnings)
{
    size_t total = 0;
    json_each(warning, warnings) {
        size_t n = chars(json_string(warning));
        ASSERT(n != 0 && n <= ADMISSION_WARNING_MAX);
        total += n;
    }
    ASSERT(total <= ADMISSION_WARNINGS_MAX);
}

static void read_review(struct arena *arena, struct case_answer *ret)
{
    const struct json *root = NULL;
    ASSERT(json_parse(ret->text, &JSON_LIMITS_DEFAULT, arena, &root, NULL) == 0);
    ASSERT(sv_eq_lit(json_get_string(root, SV("kind")), "AdmissionReview"));
    ASSERT(sv_eq_lit(json_get_string(root, SV("apiVersion")), "admission.k8s.io/v1"));
    const struct json *response = json_get_lit(root, "response");
    ret->uid = json_get_string(response, SV("uid"));
    ASSERT(ret->uid.len != 0);
    ASSERT(json_bool(json_get_lit(response, "allowed"), &ret->allowed));
    ret->warnings = json_get_lit(response, "warnings");
    ret->audit = json_get_lit(response, "auditAnnotations");
    check_warnings(ret->warnings);
    struct strview patch = json_get_string(response, SV("patch"));
    ASSERT(sv_present(patch) == sv_present(json_get_string(response, SV("patchType"))));
    ASSERT(ret->allowed == (json_get_lit(response, "status") == NULL));
    if (sv_present(patch)) {
        ASSERT(ret->allowed && ret->result.verdict == REVIEW_PATCHED);
        ASSERT(base64_decode(patch, arena, &ret->patch) && ret->patch.len > 2);
    }
    if (!ret->allowed) {
        check_refusal(json_get_lit(response, "status"), ret);
    }
}

void case_review(struct strview body, enum review_kind kind, struct arena *arena,
                 struct case_answer *ret)
{
    case_review_in(&(struct review_context){0}, body, kind, arena, ret);
}

static bool is_refusal(int http_status)
{
    return http_status == 400 || http_status == 413 || http_status == 429;
}

static void check_findings(const struct review_result *r)
{
    size_t n = 0;
    ASSERT(r->finding_count <= REVIEW_FINDINGS_MAX);
    for (size_t i = 0; i < r->finding_count; i++) {
        ASSERT(r->findings[i].rule != NULL && r->findings[i].count != 0);
        n += r->findings[i].count;
    }
    ASSERT(n <= r->causes + r->warnings + r->audits);
    ASSERT(r->retry == (r->http_status == 429) && r->retry == (r->verdict == REVIEW_RETRY));
}

void case_review_in(const struct review_context *context, struct strview body,
                    enum review_kind kind, struct arena *arena, struct case_answer *ret)
{
    CLEANUP(strbuf_done) struct strbuf out = STRBUF(REVIEW_RESPONSE_MAX);
    CLEANUP(arena_done) struct arena own = ARENA(REVIEW_ARENA_MAX);
    *ret = (struct case_answer){.code = 0};
    review_run(context, body, kind, &own, &out, &ret->result);
    ASSERT(strbuf_ok(&out));
    ret->text = arena_copy(arena, strbuf_view(&out));
    ASSERT(sv_present(ret->text));
    if (ret->result.http_status == 200) {
        read_review(arena, ret);
    } else {
        ASSERT(is_refusal(ret->result.http_status));
        ASSERT(ret->text.len > 1 && ret->text.ptr[ret->text.len - 1] == '\n');
    }
    check_findings(&ret->result);
    // What the result borrows goes with the review's own arena.
    ret->result.uid = ret->result.ns = ret->result.name = ret->result.username = SV_NONE;
}

static struct strview member_text(const struct json *v, struct arena *arena)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF((size_t)16 << 20);
    struct json_out o = JSON_OUT(&b);
    json_out_value(&o, v);
    return arena_copy(arena, strbuf_view(&b));
}

struct strview case_review_patched(struct strview body, struct strview patch, struct arena *arena)
{
    const struct json *root = NULL;
    ASSERT(json_parse(body, &JSON_LIMITS_DEFAULT, arena, &root, NULL) == 0);
    const struct json *request = json_get_lit(root, "request");
    struct strview object = member_text(json_get_lit(request, "object"), arena);
    struct err err = {.code = E_OK};
    char *patched = fake_patch_apply(object, patch, &err);
    ASSERT(patched != NULL);
    CLEANUP(strbuf_done) struct strbuf b = STRBUF((size_t)16 << 20);
    struct json_out o = JSON_OUT(&b);
    json_out_begin_object(&o);
    json_each(member, root) {
        json_out_key(&o, json_key(member));
        if (member != request) {
            json_out_value(&o, member);
            continue;
        }
        json_out_begin_object(&o);
        json_each(part, request) {
            json_out_key(&o, json_key(part));
            if (sv_eq_lit(json_key(part), "object")) {
                json_out_raw(&o, sv_from(patched));
            } else {
                json_out_value(&o, part);
            }
        }
        json_out_end_object(&o);
    }
    json_out_end_object(&o);
    free(patched);
    return arena_copy(arena, strbuf_view(&b));
}

bool case_has_cause(const struct case_answer *a, const char *field)
{
    json_each(cause, a->causes) {
        if (sv_eq_lit(json_get_string(cause, SV("field")), field)) {
            return true;
        }
    }
    return false;
}
