#include "base64.h"

#include "check.h"

int main() {
    CHECK(base64::decode("") == "");
    CHECK(base64::decode("Zg==") == "f");
    CHECK(base64::decode("Zm8=") == "fo");
    CHECK(base64::decode("Zm9v") == "foo");
    CHECK(base64::decode("Zm9vYg") == "foob");
    CHECK(base64::decode("Zm9v\r\nYmFy") == "foobar");
    CHECK(base64::decode("data:image/png;base64,Zm9v") == "foo");
    CHECK(base64::decode("+/+/") == base64::decode("-_-_"));
    CHECK(!base64::decode("Zm9vY"));
    CHECK(!base64::decode("Zm9v!"));
    CHECK(!base64::decode("Zg==Zg"));
    CHECK(!base64::decode("data:image/png"));
    return check::report("base64");
}
