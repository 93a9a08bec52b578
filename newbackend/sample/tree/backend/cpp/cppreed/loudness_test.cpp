#include "loudness.h"

#include <cstdio>

static int failures = 0;

static void check(bool ok, const char *what) {
    if (!ok) {
        std::fprintf(stderr, "FAIL: %s\n", what);
        ++failures;
    }
}

int main() {
    check(reed::loudness({}) == 0.0F, "no samples are silent");
    check(reed::loudness({16384, -16384}) == 0.5F, "half of full scale");
    check(reed::label(0.0F) == "Silence", "nothing is silence");
    check(reed::label(0.1F) == "Rustle", "a little is a rustle");
    check(reed::label(0.5F) == "Reed", "a lot is a reed");
    return failures == 0 ? 0 : 1;
}
