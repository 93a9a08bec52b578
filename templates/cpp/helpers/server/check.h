// The whole test framework: a check that reports and counts, so that a test file needs only the
// standard library and its own main.
#pragma once

#include <cstdio>

namespace check {

inline int& failures() {
    static int count = 0;
    return count;
}

inline int report(const char* what) {
    if (failures() == 0) std::printf("%s: ok\n", what);
    return failures() == 0 ? 0 : 1;
}

}  // namespace check

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            ++check::failures();                                                       \
            std::fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
        }                                                                              \
    } while (false)
