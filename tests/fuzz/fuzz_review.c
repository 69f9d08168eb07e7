// SPDX-License-Identifier: Apache-2.0
// The input is a body, as it comes to both webhooks; behind a NUL may stand the world that it is
// judged in (review_world.h), as JSON. case_review() holds each answer to what every
// answer must be: it parses, carries the uid, names causes or a code when it refuses, keeps
// warnings within bounds. Beyond that: the same body gives the same answer; a patch applies by an
// engine of its own, the second pass then has none, and a body that the mutating webhook refused
// is refused by the validating one too.
#include "common/json/view.h"
#include "tests/fakes/review_case.h"
#include "tests/fakes/review_world.h"
#include "tests/fuzz/fuzz.h"

#define ARENA_BYTES ((size_t)512 << 20)

static void check_uid(struct strview body, struct arena *arena, const struct case_answer *answer)
{
    const struct json *root = NULL;
    if (answer->result.http_status != 200 ||
        json_parse(body, &JSON_LIMITS_DEFAULT, arena, &root, NULL) < 0) {
        return;
    }
    const struct json *request = json_get_lit(root, "request");
    ASSERT(sv_eq(answer->uid, json_get_string(request, SV("uid"))));
}

static void check_patch(const struct review_context *context, struct strview body,
                        struct arena *arena, const struct case_answer *first)
{
    if (!sv_present(first->patch)) {
        return;
    }
    struct case_answer second;
    struct strview patched = case_review_patched(body, first->patch, arena);
    case_review_in(context, patched, REVIEW_MUTATE, arena, &second);
    ASSERT(second.allowed && !sv_present(second.patch));
}

/// Both webhooks, twice the mutating one.
static void review_both(const struct review_context *context, struct strview body,
                        struct arena *arena, struct case_answer *mutated,
                        struct case_answer *validated)
{
    struct case_answer again;
    case_review_in(context, body, REVIEW_MUTATE, arena, mutated);
    case_review_in(context, body, REVIEW_MUTATE, arena, &again);
    ASSERT(sv_eq(mutated->text, again.text));
    check_uid(body, arena, mutated);
    check_patch(context, body, arena, mutated);
    case_review_in(context, body, REVIEW_VALIDATE, arena, validated);
    check_uid(body, arena, validated);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_done) struct arena arena = ARENA(ARENA_BYTES);
    struct strview input = sv_make((const char *)data, size);
    size_t end = sv_find_char(input, '\0');
    struct strview body = end == SIZE_MAX ? input : sv_sub(input, 0, end);
    struct case_answer mutated, validated;
    const struct json *json = NULL;
    review_both(&(struct review_context){0}, body, &arena, &mutated, &validated);
    ASSERT(mutated.result.http_status == validated.result.http_status);
    ASSERT(mutated.result.http_status != 200 || mutated.allowed || !validated.allowed);
    if (end != SIZE_MAX &&
        json_parse(sv_from_pos(input, end + 1), &JSON_LIMITS_DEFAULT, &arena, &json, NULL) == 0) {
        struct review_world world;
        review_world_read(json, &arena, &world);
        review_both(&world.context, body, &arena, &mutated, &validated);
        // What cannot be known now cannot be known by a second try either, so it is refused.
        world.last_chance = true;
        case_review_in(&world.context, body, REVIEW_VALIDATE, &arena, &validated);
        ASSERT(!validated.result.retry);
    }
    return 0;
}
