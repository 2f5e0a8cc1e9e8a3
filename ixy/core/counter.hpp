// A 64-bit counter with one writer and any number of readers.
#pragma once

#include <atomic>
#include <cstdint>

namespace ixy {

/// Written by one thread, read by all; adding is a plain load, add and store, with no locked instruction.
class Counter {
public:
    void add(std::uint64_t amount) {
        value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

}  // namespace ixy
