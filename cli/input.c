// SPDX-License-Identifier: Apache-2.0
#include "cli/input.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/os_file.h"
#include "common/flink/cluster.h"

#define FOLDER_DEPTH_MAX 64
/// Trees of all documents of one file.
#define INPUT_ARENA_MAX ((size_t)512 << 20)

static const struct json_limits LIMITS = {
    .max_bytes = INPUT_FILE_MAX, .max_values = 500000, .max_string = 1 << 20, .max_depth = 64};

int input_slurp(const char *path, size_t max, struct strbuf *out, struct err *err)
{
    return strcmp(path, "-") == 0 ? os_fd_read(STDIN_FILENO, "stdin", max, out, err)
                                  : os_file_read(path, max, out, err);
}

bool input_is_kind(const struct json *object, const char *name, bool *ret_foreign)
{
    bool kind = sv_eq_lit(json_get_string(object, SV("kind")), name);
    bool version =
        sv_eq_lit(json_get_string(object, SV("apiVersion")), FLINK_GROUP "/" FLINK_VERSION);
    *ret_foreign = kind && !version;
    return kind && version;
}

unsigned input_line(const struct input_object *o, struct strview path)
{
    CLEANUP(strbuf_done) struct strbuf b = STRBUF(4096);
    strbuf_put(&b, o->prefix);
    if (o->prefix.len != 0 && path.len != 0) {
        strbuf_put_char(&b, '.');
    }
    strbuf_put(&b, path);
    return yaml_line(o->document, strbuf_view(&b));
}

static bool read_list(const struct input_handler *h, const struct input_object *list,
                      struct arena *arena)
{
    size_t i = 0;
    json_each(item, json_get_lit(list->object, "items")) {
        struct input_object o = *list;
        o.object = item;
        o.prefix = arena_printf(arena, "items[%zu]", i++);
        if (!h->object(h->arg, &o, arena)) {
            return false;
        }
    }
    return true;
}

static void read_file(const char *path, const struct input_handler *h)
{
    CLEANUP(strbuf_done) struct strbuf text = STRBUF(INPUT_FILE_MAX);
    CLEANUP(arena_done) struct arena arena = ARENA(INPUT_ARENA_MAX);
    struct err err;
    if (input_slurp(path, INPUT_FILE_MAX, &text, &err) != 0) {
        h->fail(h->arg, path, &err);
        return;
    }
    struct yaml_document *docs = NULL;
    size_t n = 0;
    // The documents before a faulty one are judged all the same.
    if (yaml_to_json(strbuf_view(&text), NULL, &arena, &docs, &n, &err) != 0) {
        h->fail(h->arg, path, &err);
        n = err.code == E_PARSE ? n : 0;
    }
    for (size_t i = 0; i < n; i++) {
        struct input_object o = {.file = path, .document = &docs[i], .prefix = SV("")};
        if (json_parse(docs[i].json, &LIMITS, &arena, &o.object, &err) != 0) {
            h->fail(h->arg, path, &err);
            continue;
        }
        bool is_list = sv_eq_lit(json_get_string(o.object, SV("kind")), "List") ||
                       sv_eq_lit(json_get_string(o.object, SV("kind")), FLINK_KIND "List");
        if (!(is_list ? read_list(h, &o, &arena) : h->object(h->arg, &o, &arena))) {
            return;
        }
    }
}

static bool is_manifest(const char *name)
{
    struct strview s = sv_from(name);
    return sv_ends(s, SV(".yaml")) || sv_ends(s, SV(".yml")) || sv_ends(s, SV(".json"));
}

static void read_path(const char *path, const struct input_handler *h, unsigned depth);

static void read_folder(const char *path, const struct input_handler *h, unsigned depth)
{
    struct dirent **entries = NULL;
    int n = scandir(path, &entries, NULL, alphasort);
    if (n < 0) {
        struct err err;
        err_set(&err, E_IO, "%s", strerror(errno));
        h->fail(h->arg, path, &err);
        return;
    }
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        CLEANUP(strbuf_done) struct strbuf child = STRBUF(4096);
        strbuf_printf(&child, "%s%s%s", path, sv_ends(sv_from(path), SV("/")) ? "" : "/", name);
        struct stat st;
        bool usable = name[0] != '.' && strbuf_ok(&child) && lstat(child.ptr, &st) == 0;
        if (usable && (S_ISDIR(st.st_mode) || (!S_ISDIR(st.st_mode) && is_manifest(name)))) {
            read_path(child.ptr, h, depth + 1);
        }
        free(entries[i]);
    }
    free(entries);
}

static void read_path(const char *path, const struct input_handler *h, unsigned depth)
{
    struct stat st;
    bool is_folder = strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    if (!is_folder) {
        read_file(path, h);
    } else if (depth < FOLDER_DEPTH_MAX) {
        read_folder(path, h, depth);
    }
}

void input_read(const char *path, const struct input_handler *h)
{
    read_path(path, h, 0);
}
