#include "parent_watch.h"

#include "check.h"

int main() {
    using std::chrono::milliseconds;
    CHECK(parent_watch::enabled(nullptr));
    CHECK(parent_watch::enabled(""));
    CHECK(parent_watch::enabled("true"));
    for (const char* off : {"false", "0", "no", "off", "OFF", "False"}) CHECK(!parent_watch::enabled(off));

    CHECK(parent_watch::interval(nullptr) == milliseconds(2000));
    CHECK(parent_watch::interval("500ms") == milliseconds(500));
    CHECK(parent_watch::interval("2s") == milliseconds(2000));
    CHECK(parent_watch::interval("1m") == milliseconds(60000));
    CHECK(parent_watch::interval("1m30s") == milliseconds(90000));
    CHECK(parent_watch::interval("1.5s") == milliseconds(1500));
    CHECK(parent_watch::interval("3") == milliseconds(3000));
    CHECK(parent_watch::interval("1ms") == parent_watch::kShortestInterval);
    for (const char* bad : {"", "x", "0", "-1s", "5 parsecs", "1..2s", "2s3", "ms", "99999999999999999h"}) {
        CHECK(parent_watch::interval(bad) == parent_watch::kDefaultInterval);
    }

    CHECK(!parent_watch::orphaned(100, 100));
    CHECK(parent_watch::orphaned(100, 1));
    CHECK(parent_watch::orphaned(100, 77));
    return check::report("parent_watch");
}
