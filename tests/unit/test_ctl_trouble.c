// SPDX-License-Identifier: Apache-2.0
// Troubles in words, and the line of a log that names the cause.
#include "controller/trouble.h"
#include "unit.h"

static void assert_sv(struct strview got, const char *want)
{
    ck_assert_msg(sv_eq_lit(got, want), "\"%.*s\" is not \"%s\"", SV_ARG(got), want);
}

static void assert_put(const struct pod_trouble *t, const char *want)
{
    struct strbuf b = STRBUF(4096);
    trouble_put(&b, t);
    assert_sv(strbuf_view(&b), want);
    strbuf_done(&b);
}

static const struct pod_trouble PULL = {
    .kind = TROUBLE_IMAGE_PULL,
    .pod = SV_INIT("fraud-tm-0a1b2c3d-0-0"),
    .container = SV_INIT("flink-main-container"),
    .reason = SV_INIT("ImagePullBackOff"),
    .message = SV_INIT("not found"),
    .exit_code = TROUBLE_NO_CODE,
};

START_TEST(trouble__names_pod_container_reason_and_message)
{
    assert_put(&PULL, "pod fraud-tm-0a1b2c3d-0-0: container flink-main-container: "
                      "ImagePullBackOff: not found");
    struct pod_trouble t = PULL;
    t.reason = SV("Error");
    t.exit_code = 1;
    assert_put(&t, "pod fraud-tm-0a1b2c3d-0-0: container flink-main-container: Error, exit code 1: "
                   "not found");
    t.container = SV_NONE;
    t.reason = SV_NONE;
    t.message = SV_NONE;
    assert_put(&t, "pod fraud-tm-0a1b2c3d-0-0: exit code 1");
    t.exit_code = TROUBLE_NO_CODE;
    assert_put(&t, "pod fraud-tm-0a1b2c3d-0-0: the image can't be pulled");
}
END_TEST

START_TEST(trouble__what_only_a_person_can_end_tells_what_to_do)
{
    struct pod_trouble t = {.kind = TROUBLE_LOCKED,
                            .pod = SV_INIT("fraud-jm-0a1b2c3d-0-0"),
                            .reason = SV_INIT("Terminating"),
                            .exit_code = TROUBLE_NO_CODE};
    struct strbuf b = STRBUF(4096);
    trouble_put(&b, &t);
    ck_assert_uint_ne(sv_find(strbuf_view(&b), SV("kubectl delete pod --force")), SIZE_MAX);
    ck_assert_uint_ne(sv_find(strbuf_view(&b), SV("node.kubernetes.io/out-of-service")), SIZE_MAX);
    strbuf_done(&b);
}
END_TEST

START_TEST(trouble__is_told_whatever_the_message_says)
{
    struct pod_trouble other = PULL;
    other.message = SV("back-off 20s");
    ck_assert(trouble_is_told(&other, SV("1 failing: pod fraud-tm-0a1b2c3d-0-0: container "
                                         "flink-main-container: ImagePullBackOff: not found")));
    other.reason = SV("InvalidImageName");
    ck_assert(!trouble_is_told(&other, SV("1 failing: pod fraud-tm-0a1b2c3d-0-0: container "
                                          "flink-main-container: ImagePullBackOff: not found")));
    ck_assert(!trouble_is_told(&PULL, SV("")));
}
END_TEST

START_TEST(trouble__long_words_are_cut_between_characters)
{
    char text[2000];
    for (size_t i = 0; i < sizeof(text); i += 2) {
        text[i] = (char)0xC3;
        text[i + 1] = (char)0xA4;
    }
    struct pod_trouble t = PULL;
    t.message = sv_make(text, sizeof(text));
    struct strbuf b = STRBUF(4096);
    trouble_put_what(&b, &t);
    ck_assert_uint_le(b.len, TROUBLE_WHAT_MAX);
    ck_assert(sv_ends(strbuf_view(&b), SV("\xC3\xA4\xE2\x80\xA6")));
    strbuf_done(&b);
    struct strview cause = cause_line(sv_make(text, sizeof(text)));
    ck_assert_uint_le(cause.len, CAUSE_LINE_MAX);
    ck_assert_uint_eq((unsigned char)cause.ptr[cause.len - 1], 0xA4);
}
END_TEST

START_TEST(trouble__words_are_one_line_whatever_they_hold)
{
    struct pod_trouble t = PULL;
    t.message = SV("a\x1b[31m\r\n\tb");
    struct strbuf b = STRBUF(4096);
    trouble_put_what(&b, &t);
    ck_assert(sv_eq_lit(strbuf_view(&b), "ImagePullBackOff: a [31m b"));
    strbuf_done(&b);
}
END_TEST

START_TEST(cause__the_last_cause_of_a_stack_trace_is_the_root)
{
    assert_sv(
        cause_line(SV("12:00 ERROR ClusterEntrypoint [] - Could not start cluster entrypoint "
                      "StandaloneApplicationClusterEntryPoint.\n"
                      "org.apache.flink.runtime.entrypoint.ClusterEntrypointException: Failed "
                      "to initialize the cluster entrypoint\n"
                      "\tat org.apache.flink.runtime.Entry.start(Entry.java:230)\n"
                      "Caused by: org.apache.flink.util.FlinkException: Could not load the "
                      "provided entrypoint class.\n"
                      "\tat org.apache.flink.Main.main(Main.java:1)\n"
                      "Caused by: java.lang.ClassNotFoundException: com.example.Nope\n"
                      "\tat java.base/jdk.internal.loader.Load(Unknown Source)\n"
                      "\t... 6 more\n")),
        "java.lang.ClassNotFoundException: com.example.Nope");
}
END_TEST

START_TEST(cause__else_the_last_exception_else_the_last_words)
{
    assert_sv(
        cause_line(SV("Exception in thread \"main\" IllegalConfigurationException: too small\n"
                      "\tat a.b(C.java:1)\n[ERROR] The execution result is empty.\n")),
        "IllegalConfigurationException: too small");
    assert_sv(cause_line(SV("starting\n\nsh: no such file\n  \n")), "sh: no such file");
    assert_sv(cause_line(SV("one line")), "one line");
    ck_assert_uint_eq(cause_line(SV("")).len, 0);
    ck_assert_uint_eq(cause_line(SV("\n \n\tat x\n")).len, 0);
}
END_TEST

UNIT_MAIN(NULL, NULL, trouble__names_pod_container_reason_and_message,
          trouble__what_only_a_person_can_end_tells_what_to_do,
          trouble__is_told_whatever_the_message_says,
          trouble__long_words_are_cut_between_characters,
          trouble__words_are_one_line_whatever_they_hold,
          cause__the_last_cause_of_a_stack_trace_is_the_root,
          cause__else_the_last_exception_else_the_last_words)
