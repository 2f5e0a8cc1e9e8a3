// Addresses that begin with a scheme, as in "sim:82540em", and who opens them.
#pragma once

#include <algorithm>
#include <cctype>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ixy {

/// "sim" of "sim:82540em". Empty if `address` has no scheme, or begins like a PCI address, whose parts are hexadecimal.
inline std::string_view scheme_of(std::string_view address) {
    const std::string_view word = address.substr(0, std::min(address.find(':'), address.size()));
    const bool is_number = std::ranges::all_of(word, [](unsigned char c) { return std::isxdigit(c) != 0; });
    return word.size() == address.size() || is_number ? std::string_view{} : word;
}

/// Openers by scheme. Opener is a pointer to a function. Thread rule: any thread.
template <class Opener>
class Schemes {
public:
    /// Sends addresses "scheme:…" to `opener`, and no longer to the one before it.
    void add(std::string_view scheme, Opener opener) {
        const std::lock_guard lock(mutex_);
        std::erase_if(list_, [scheme](const auto& known) { return known.first == scheme; });
        list_.emplace_back(scheme, opener);
    }
    /// The opener for `address`, or null.
    Opener find(std::string_view address) {
        const std::lock_guard lock(mutex_);
        const auto found = std::ranges::find(list_, scheme_of(address), [](const auto& known) { return known.first; });
        return found == list_.end() ? nullptr : found->second;
    }

private:
    std::mutex mutex_;
    std::vector<std::pair<std::string, Opener>> list_;
};

}  // namespace ixy
