// SPDX-License-Identifier: Apache-2.0
#include "common/k8s/admission.h"

#define BAD_REQUEST 400
#define SHOWN_MAX   64

static const char *const OPERATIONS[ADMISSION_OPERATION_COUNT] = {
    [ADMISSION_CREATE] = "CREATE",
    [ADMISSION_UPDATE] = "UPDATE",
    [ADMISSION_DELETE] = "DELETE",
    [ADMISSION_CONNECT] = "CONNECT",
};

const char *admission_operation_name(enum admission_operation op)
{
    return (unsigned)op < ADMISSION_OPERATION_COUNT ? OPERATIONS[op] : "";
}

/// The start of a text that a message shows.
static struct strview shown(struct strview s)
{
    return sv_sub(s, 0, SHOWN_MAX);
}

static bool is_none(const struct json *v)
{
    return json_type(v) == JSON_ABSENT || json_type(v) == JSON_NULL;
}

/// What is read of a request, in the order in which the API server writes it.
#define MEMBERS(X)                                                                                 \
    X(UID, "uid")                                                                                  \
    X(KIND, "kind")                                                                                \
    X(RESOURCE, "resource")                                                                        \
    X(SUB_RESOURCE, "subResource")                                                                 \
    X(REQUEST_KIND, "requestKind")                                                                 \
    X(REQUEST_RESOURCE, "requestResource")                                                         \
    X(REQUEST_SUB_RESOURCE, "requestSubResource")                                                  \
    X(NAME, "name")                                                                                \
    X(NAMESPACE, "namespace")                                                                      \
    X(OPERATION, "operation")                                                                      \
    X(USER_INFO, "userInfo")                                                                       \
    X(OBJECT, "object")                                                                            \
    X(OLD_OBJECT, "oldObject")                                                                     \
    X(DRY_RUN, "dryRun")                                                                           \
    X(OPTIONS, "options")

enum member {
#define X(name, key) name,
    MEMBERS(X)
#undef X
        MEMBER_COUNT
};

static const struct strview KEYS[MEMBER_COUNT] = {
#define X(name, key) SV_INIT(key),
    MEMBERS(X)
#undef X
};

/// The request as it came, and of its members those.
struct request {
    const struct json *self;
    const struct json *members[MEMBER_COUNT];
};

/// V, under KEY in the request's member WITHIN ("": in the request itself), is not WANT.
static int fail_type(const struct json *v, struct strview within, struct strview key,
                     const char *want, struct err *err)
{
    return err_set(err, E_INVALID, "request%s%.*s.%.*s must be %s, not %s",
                   within.len != 0 ? "." : "", SV_ARG(within), SV_ARG(key), want,
                   json_type_name(v));
}

/// V when it is of TYPE; NULL when it is absent or null.
static int take(const struct json *v, struct strview within, struct strview key,
                enum json_type type, const char *want, const struct json **ret, struct err *err)
{
    *ret = json_type(v) == type ? v : NULL;
    return *ret != NULL || is_none(v) ? 0 : fail_type(v, within, key, want, err);
}

static int take_string(const struct json *v, struct strview within, struct strview key,
                       struct strview *ret, struct err *err)
{
    *ret = json_string(v);
    return sv_present(*ret) || is_none(v) ? 0 : fail_type(v, within, key, "a string", err);
}

static int get_string(const struct request *request, enum member m, struct strview *ret,
                      struct err *err)
{
    return take_string(request->members[m], SV(""), KEYS[m], ret, err);
}

static int get_object(const struct request *request, enum member m, const struct json **ret,
                      struct err *err)
{
    return take(request->members[m], SV(""), KEYS[m], JSON_OBJECT, "an object", ret, err);
}

/// {group, version, kind or resource} of the request as its member M; LAST names the third.
static int get_group_version(const struct request *request, enum member m, struct strview last,
                             struct strview ret[3], struct err *err)
{
    const struct strview keys[3] = {SV("group"), SV("version"), last};
    const struct json *v, *values[3];
    if (get_object(request, m, &v, err) < 0) {
        return -1;
    }
    json_get_all(v, keys, ARRAY_LEN(keys), values);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (take_string(values[i], KEYS[m], keys[i], &ret[i], err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int get_kinds(const struct request *request, struct admission_request *r, struct err *err)
{
    struct strview kind[3], resource[3], request_kind[3], request_resource[3];
    if (get_group_version(request, KIND, SV("kind"), kind, err) < 0 ||
        get_group_version(request, RESOURCE, SV("resource"), resource, err) < 0 ||
        get_group_version(request, REQUEST_KIND, SV("kind"), request_kind, err) < 0 ||
        get_group_version(request, REQUEST_RESOURCE, SV("resource"), request_resource, err) < 0) {
        return -1;
    }
    if (kind[2].len == 0) {
        return err_set(err, E_INVALID, "request.kind.kind is missing");
    }
    const struct strview *rk = request_kind[2].len != 0 ? request_kind : kind;
    const struct strview *rr = request_resource[2].len != 0 ? request_resource : resource;
    r->kind = (struct gvk){kind[0], kind[1], kind[2]};
    r->resource = (struct gvr){resource[0], resource[1], resource[2]};
    r->request_kind = (struct gvk){rk[0], rk[1], rk[2]};
    r->request_resource = (struct gvr){rr[0], rr[1], rr[2]};
    return 0;
}

static int get_operation(const struct request *request, enum admission_operation *ret,
                         struct err *err)
{
    struct strview name = SV_NONE;
    if (get_string(request, OPERATION, &name, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < ADMISSION_OPERATION_COUNT; i++) {
        if (sv_eq_lit(name, OPERATIONS[i])) {
            *ret = (enum admission_operation)i;
            return 0;
        }
    }
    if (name.len == 0) {
        return err_set(err, E_INVALID, "request.operation is missing");
    }
    return err_set(err, E_INVALID,
                   "request.operation must be CREATE, UPDATE, DELETE or CONNECT, not \"%.*s\"",
                   SV_ARG(shown(name)));
}

/// The objects that the operation must come with.
static int check_objects(const struct admission_request *r, struct err *err)
{
    bool writes = r->operation == ADMISSION_CREATE || r->operation == ADMISSION_UPDATE;
    bool had = r->operation == ADMISSION_UPDATE || r->operation == ADMISSION_DELETE;
    if (writes && r->object == NULL) {
        return err_set(err, E_INVALID, "request.object is missing on %s",
                       admission_operation_name(r->operation));
    }
    if (had && r->old_object == NULL) {
        return err_set(err, E_INVALID, "request.oldObject is missing on %s",
                       admission_operation_name(r->operation));
    }
    return 0;
}

static int get_user(const struct request *request, struct admission_request *r, struct err *err)
{
    const struct json *user;
    if (get_object(request, USER_INFO, &user, err) < 0 ||
        take_string(json_get_lit(user, "username"), KEYS[USER_INFO], SV("username"), &r->username,
                    err) < 0 ||
        take(json_get_lit(user, "groups"), KEYS[USER_INFO], SV("groups"), JSON_ARRAY, "a list",
             &r->user_groups, err) < 0) {
        return -1;
    }
    return 0;
}

static int get_rest(const struct request *request, struct admission_request *r, struct err *err)
{
    const struct json *dry_run;
    if (get_string(request, SUB_RESOURCE, &r->sub_resource, err) < 0 ||
        get_string(request, REQUEST_SUB_RESOURCE, &r->request_sub_resource, err) < 0 ||
        get_string(request, NAME, &r->name, err) < 0 ||
        get_string(request, NAMESPACE, &r->namespace_, err) < 0 ||
        get_object(request, OBJECT, &r->object, err) < 0 ||
        get_object(request, OLD_OBJECT, &r->old_object, err) < 0 ||
        get_object(request, OPTIONS, &r->options, err) < 0 || get_user(request, r, err) < 0 ||
        take(request->members[DRY_RUN], SV(""), KEYS[DRY_RUN], JSON_BOOL, "a boolean", &dry_run,
             err) < 0) {
        return -1;
    }
    r->dry_run = json_bool(dry_run, &r->dry_run) && r->dry_run;
    return 0;
}

static int check_envelope(const struct json *review, struct err *err)
{
    struct strview api_version = json_get_string(review, SV("apiVersion"));
    struct strview kind = json_get_string(review, SV("kind"));
    if (json_type(review) != JSON_OBJECT) {
        return err_set(err, E_INVALID, "not an AdmissionReview: %s", json_type_name(review));
    }
    if (!sv_eq(kind, SV("AdmissionReview"))) {
        return err_set(err, E_INVALID, "kind must be AdmissionReview, not \"%.*s\"",
                       SV_ARG(shown(kind)));
    }
    if (!sv_eq(api_version, SV("admission.k8s.io/v1"))) {
        return err_set(err, E_INVALID, "apiVersion must be admission.k8s.io/v1, not \"%.*s\"",
                       SV_ARG(shown(api_version)));
    }
    return 0;
}

static int get_uid(const struct request *request, struct strview *ret, struct err *err)
{
    struct strview uid = SV_NONE;
    if (json_type(request->self) != JSON_OBJECT) {
        return err_set(err, E_INVALID, "request %s",
                       is_none(request->self) ? "is missing" : "must be an object");
    }
    if (get_string(request, UID, &uid, err) < 0) {
        return -1;
    }
    if (uid.len == 0) {
        return err_set(err, E_INVALID, "request.uid is missing");
    }
    if (uid.len > ADMISSION_UID_MAX) {
        return err_set(err, E_INVALID, "request.uid must be no more than %d bytes",
                       ADMISSION_UID_MAX);
    }
    *ret = uid;
    return 0;
}

int admission_decode(const struct json *review, struct admission_request *ret, struct err *err)
{
    *ret = (struct admission_request){0};
    struct request request = {.self = json_get_lit(review, "request")};
    json_get_all(request.self, KEYS, MEMBER_COUNT, request.members);
    UNINITIALIZED struct err uid_fault; // unless it is one
    int has_uid = get_uid(&request, &ret->uid, &uid_fault);
    int rc = check_envelope(review, err);
    if (rc == 0 && has_uid < 0) {
        rc = err_set(err, uid_fault.code, "%s", uid_fault.msg);
    }
    if (rc == 0 &&
        (get_kinds(&request, ret, err) < 0 || get_operation(&request, &ret->operation, err) < 0 ||
         get_rest(&request, ret, err) < 0 || check_objects(ret, err) < 0)) {
        rc = -1;
    }
    if (rc < 0 && err != NULL) {
        err->detail = BAD_REQUEST;
    }
    return rc;
}
