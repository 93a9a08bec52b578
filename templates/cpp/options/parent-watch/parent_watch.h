// Ends the process when the process that started it is gone.
//
// LocalAI stops its backends itself; when it is killed outright it cannot, and a backend that
// lives on keeps its memory and its GPU. Polling getppid() works on every POSIX system and does
// not depend on which thread forked.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

namespace parent_watch {

inline constexpr const char* kSwitch = "LOCALAI_BACKEND_PARENT_WATCH";
inline constexpr const char* kInterval = "LOCALAI_BACKEND_PARENT_WATCH_INTERVAL";
inline constexpr std::chrono::milliseconds kDefaultInterval{2000};
inline constexpr std::chrono::milliseconds kShortestInterval{10};

/// On unless the variable says false, 0, no or off.
inline bool enabled(const char* value) {
    std::string text = value == nullptr ? "" : value;
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text != "false" && text != "0" && text != "no" && text != "off";
}

/// A Go duration with one or more units (`500ms`, `2s`, `1m30s`) or a bare number of seconds.
/// Anything else, and anything that is not positive, gives the default.
inline std::chrono::milliseconds interval(const char* value) {
    const std::string text = value == nullptr ? "" : value;
    double total = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t digits = text.find_first_not_of("0123456789.", at);
        const std::size_t end = digits == std::string::npos ? text.size() : digits;
        char* stop = nullptr;
        const std::string number = text.substr(at, end - at);
        const double amount = std::strtod(number.c_str(), &stop);
        if (number.empty() || *stop != '\0') return kDefaultInterval;
        const std::size_t next = text.find_first_of("0123456789.", end);
        const std::string unit = text.substr(end, next == std::string::npos ? next : next - end);
        if (unit == "ms") {
            total += amount;
        } else if (unit == "s" || (unit.empty() && at == 0)) {
            total += amount * 1e3;
        } else if (unit == "m") {
            total += amount * 60e3;
        } else if (unit == "h") {
            total += amount * 3600e3;
        } else {
            return kDefaultInterval;
        }
        at = end + unit.size();
    }
    if (!(total > 0) || total > 1e12) return kDefaultInterval;
    return std::max(kShortestInterval, std::chrono::milliseconds(static_cast<long long>(total)));
}

/// True when the parent at start-up is gone: the process was handed to init or to a reaper.
inline bool orphaned(pid_t at_start, pid_t now) { return now != at_start || now <= 1; }

/// Starts the watch; does nothing when it is switched off or the process never had a parent.
inline void start() {
    const pid_t parent = getppid();
    if (parent <= 1 || !enabled(std::getenv(kSwitch))) return;
    const std::chrono::milliseconds pause = interval(std::getenv(kInterval));
    std::thread([parent, pause] {
        while (!orphaned(parent, getppid())) std::this_thread::sleep_for(pause);
        std::_Exit(1);
    }).detach();
}

}  // namespace parent_watch
