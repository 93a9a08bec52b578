// The listening address from the command line.
//
// LocalAI passes `--addr HOST:PORT`, its test suite `--addr=HOST:PORT`; both are understood.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace address {

inline constexpr const char* kDefault = "localhost:50051";

/// HOST:PORT out of the arguments (program name excluded), or the default when none is given.
/// Nothing when `--addr` has no value or an argument is unknown; then `error` says what is wrong.
inline std::optional<std::string> parse(const std::vector<std::string>& arguments, std::string& error) {
    static const std::string kFlag = "--addr";
    std::string result = kDefault;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        if (argument == kFlag || argument == "-addr") {
            if (++i == arguments.size()) {
                error = argument + " needs HOST:PORT";
                return std::nullopt;
            }
            result = arguments[i];
        } else if (argument.rfind(kFlag + "=", 0) == 0) {
            result = argument.substr(kFlag.size() + 1);
        } else {
            error = "unknown argument " + argument;
            return std::nullopt;
        }
    }
    if (result.empty()) {
        error = "--addr needs HOST:PORT";
        return std::nullopt;
    }
    return result;
}

}  // namespace address
