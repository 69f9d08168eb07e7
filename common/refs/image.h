// SPDX-License-Identifier: Apache-2.0
// Image references by the full grammar, normalised as container runtimes do it.
// Source: github.com/distribution/reference (regexp.go, normalize.go). Pure.
#ifndef SLUICE_REFS_IMAGE_H
#define SLUICE_REFS_IMAGE_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/strbuf.h"
#include "common/base/strview.h"

#define IMAGE_PATH_MAX 255
#define IMAGE_TAG_MAX  128

/// `flink:1.20` is docker.io / library/flink : 1.20. Texts belong to the input, the arena, or are
/// static.
struct image_ref {
    struct strview
        domain; // "docker.io", "localhost:5000", "[::1]:5000"; index.docker.io → docker.io
    struct strview path;   // "library/flink"
    struct strview tag;    // absent when none was written (see below)
    struct strview digest; // "sha256:…"; absent when none. It governs the pull, not the tag
    bool domain_defaulted; // none was written
    bool library_added;    // `library/` was put before a single component
    bool implicit_latest;  // neither tag nor digest: the runtime pulls `latest`
};

/// False when S is no image reference; then *RET_WHY (may be NULL) says why, static.
bool image_parse(struct strview s, struct arena *arena, struct image_ref *ret,
                 const char **ret_why);

/// The tag that counts for a policy: as written, "latest" when implicit, SV_NONE with a digest
/// only.
struct strview image_effective_tag(const struct image_ref *ref);

/// Appends `domain/path`.
void image_put_name(struct strbuf *b, const struct image_ref *ref);

#endif
