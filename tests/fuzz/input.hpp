// A fuzzer's input, consumed piece by piece; zeros once it is exhausted.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace ixy::fuzz {

class Input {
public:
    explicit Input(std::span<const std::byte> bytes) : rest_(bytes) {}

    bool empty() const { return rest_.empty(); }
    template <class T>
    T take() {
        T value{};
        const auto bytes = take_bytes(sizeof(T));
        if (!bytes.empty()) std::memcpy(&value, bytes.data(), bytes.size());
        return value;
    }
    /// A number from 0 to `most`.
    std::uint32_t up_to(std::uint32_t most) {
        return most < 256 ? take<std::uint8_t>() % (most + 1) : take<std::uint32_t>() % (most + 1);
    }
    /// At most `count` bytes.
    std::span<const std::byte> take_bytes(std::size_t count) {
        const auto taken = rest_.first(std::min(count, rest_.size()));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }

private:
    std::span<const std::byte> rest_;
};

}  // namespace ixy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
