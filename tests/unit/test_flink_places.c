// SPDX-License-Identifier: Apache-2.0
#include "common/flink/places.h"

#include "common/base/strbuf.h"
#include "tests/unit/flink_case.h"
#include "tests/unit/unit.h"

static struct arena arena;

static void setup(void)
{
    arena = ARENA(CASE_ARENA_MAX);
}

static void teardown(void)
{
    arena_done(&arena);
}

#define EVERYTHING ((1U << (PLACE_LIST_COUNT + 1)) - 1)

/// The paths of a walk over the spec, one to a line.
static const char *walked(const char *spec, unsigned what)
{
    const struct flink_cluster *c =
        case_decode(&arena, case_parse(&arena, arena_printf(&arena, "{\"spec\":%s}", spec)));
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(1 << 16);
    strbuf_put_str(&b, "");
    struct places walk = PLACES(c, what);
    for (const struct place *p; (p = places_next(&walk)) != NULL;) {
        struct path nodes[PLACE_NODES];
        const struct json *template = places_template(&c->spec, p->template_index);
        ck_assert_ptr_nonnull(p->json);
        ck_assert_ptr_eq(p->pod, json_get_lit(template, "spec"));
        ck_assert(p->list != PLACE_LIST_COUNT || p->json == template);
        ck_assert(sv_eq(p->name, json_get_string(p->json, SV("name"))));
        path_put(&b, place_path(p, nodes));
        strbuf_put_str(&b, place_is_main(p) ? " main\n" : "\n");
    }
    ck_assert_ptr_null(places_next(&walk)); // and stays there
    return arena_copy(&arena, strbuf_view(&b)).ptr;
}

static const char SPEC[] =
    "{\"podTemplate\":{\"spec\":{\"containers\":[{\"name\":\"flink-main-container\"},{\"name\":"
    "\"s\"}],\"initContainers\":[{\"name\":\"i\"}],\"ephemeralContainers\":[{\"name\":\"e\"}],"
    "\"volumes\":[{\"name\":\"v\"}]}},\"taskManager\":{\"podTemplate\":{\"spec\":{\"containers\":["
    "5,{\"name\":\"t\"}]}}},\"jobManager\":{\"podTemplate\":{}}}";

START_TEST(places__each_is_met_once_template_by_template)
{
    ck_assert_str_eq(walked(SPEC, EVERYTHING), "spec.podTemplate\n"
                                               "spec.podTemplate.spec.containers[0] main\n"
                                               "spec.podTemplate.spec.containers[1]\n"
                                               "spec.podTemplate.spec.initContainers[0]\n"
                                               "spec.podTemplate.spec.ephemeralContainers[0]\n"
                                               "spec.podTemplate.spec.volumes[0]\n"
                                               "spec.jobManager.podTemplate\n"
                                               "spec.taskManager.podTemplate\n"
                                               "spec.taskManager.podTemplate.spec.containers[0]\n"
                                               "spec.taskManager.podTemplate.spec.containers[1]\n");
}
END_TEST

START_TEST(places__only_what_is_asked_for_is_met)
{
    ck_assert_str_eq(
        walked(SPEC, PLACES_TEMPLATES),
        "spec.podTemplate\nspec.jobManager.podTemplate\nspec.taskManager.podTemplate\n");
    ck_assert_str_eq(walked(SPEC, PLACES_OF(VOLUMES)), "spec.podTemplate.spec.volumes[0]\n");
    ck_assert_str_eq(walked(SPEC, PLACES_OF(INIT_CONTAINERS) | PLACES_OF(EPHEMERAL_CONTAINERS)),
                     "spec.podTemplate.spec.initContainers[0]\n"
                     "spec.podTemplate.spec.ephemeralContainers[0]\n");
    ck_assert_str_eq(walked(SPEC, 0), "");
}
END_TEST

START_TEST(places__without_templates_or_of_wrong_types_there_are_none)
{
    ck_assert_str_eq(walked("{}", EVERYTHING), "");
    ck_assert_str_eq(walked("{\"podTemplate\":{\"spec\":5}}", EVERYTHING), "spec.podTemplate\n");
    ck_assert_str_eq(
        walked("{\"podTemplate\":{\"spec\":{\"containers\":\"x\",\"volumes\":[]}}}", EVERYTHING),
        "spec.podTemplate\n");
}
END_TEST

UNIT_MAIN(setup, teardown, places__each_is_met_once_template_by_template,
          places__only_what_is_asked_for_is_met,
          places__without_templates_or_of_wrong_types_there_are_none)
