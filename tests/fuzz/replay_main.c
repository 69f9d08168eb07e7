// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target over files and folders of inputs, with any compiler. An empty run is a
// failure: a corpus that moved away must not pass for a clean one.
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

static size_t replayed;

/// Into an allocation of the exact size, so that AddressSanitizer sees a read beyond it.
static int replay_file(const char *path, size_t size)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = malloc(size != 0 ? size : 1);
    if (f == NULL || data == NULL || fread(data, 1, size, f) != size) {
        perror(path);
        free(data);
        if (f != NULL) {
            fclose(f);
        }
        return -1;
    }
    fclose(f);
    // Named first, so that an abort tells its input.
    printf("%s\n", path);
    fflush(stdout);
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    replayed++;
    return 0;
}

static int replay(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        perror(path);
        return -1;
    }
    if (!S_ISDIR(st.st_mode)) {
        return replay_file(path, (size_t)st.st_size);
    }
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, alphasort);
    int result = n < 0 ? -1 : 0;
    for (int i = 0; i < n; i++) {
        char child[PATH_MAX];
        int len = snprintf(child, sizeof(child), "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' &&
            (len < 0 || (size_t)len >= sizeof(child) || replay(child) < 0)) {
            result = -1;
        }
        free(entries[i]);
    }
    if (n >= 0) {
        free(entries);
    }
    return result;
}

int main(int argc, char **argv)
{
    int result = 0;
    for (int i = 1; i < argc; i++) {
        if (replay(argv[i]) < 0) {
            result = 1;
        }
    }
    printf("%zu inputs\n", replayed);
    return replayed != 0 ? result : 1;
}
