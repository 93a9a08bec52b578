#include "address.h"

#include "check.h"

int main() {
    std::string error;
    CHECK(address::parse({}, error) == "localhost:50051");
    CHECK(address::parse({"--addr", "127.0.0.1:1234"}, error) == "127.0.0.1:1234");
    CHECK(address::parse({"--addr=127.0.0.1:1234"}, error) == "127.0.0.1:1234");
    CHECK(address::parse({"--addr=[::1]:1234"}, error) == "[::1]:1234");
    CHECK(error.empty());

    CHECK(!address::parse({"--addr"}, error));
    CHECK(error == "--addr needs HOST:PORT");
    CHECK(!address::parse({"--addr="}, error));
    CHECK(!address::parse({"--adr=x:1"}, error));
    CHECK(error == "unknown argument --adr=x:1");
    return check::report("address");
}
