#include "model_identity.h"

#include "check.h"

int main() {
    CHECK(!model_identity::conflict("", ""));
    CHECK(!model_identity::conflict("a", ""));
    CHECK(!model_identity::conflict("", "a"));
    CHECK(!model_identity::conflict("a", "a"));
    const auto refusal = model_identity::conflict("a", "b");
    CHECK(refusal);
    CHECK(refusal->find("model identity mismatch") != std::string::npos);
    CHECK(refusal->find("\"a\"") != std::string::npos);
    CHECK(refusal->find("\"b\"") != std::string::npos);
    return check::report("model_identity");
}
