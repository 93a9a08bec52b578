#include "auth.h"

#include "check.h"

int main() {
    CHECK(auth::allowed("", {}));
    CHECK(auth::allowed("", {"Bearer anything"}));
    CHECK(auth::allowed("secret", {"Bearer secret"}));
    CHECK(auth::allowed("secret", {"Basic x", "Bearer secret"}));
    CHECK(!auth::allowed("secret", {}));
    CHECK(!auth::allowed("secret", {""}));
    CHECK(!auth::allowed("secret", {"secret"}));
    CHECK(!auth::allowed("secret", {"Bearer secre"}));
    CHECK(!auth::allowed("secret", {"Bearer secretsecret"}));
    CHECK(!auth::allowed("secret", {"bearer secret"}));
    return check::report("auth");
}
