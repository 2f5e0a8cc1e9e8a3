// Shared by the tests of wires: numbered frames, and a folder.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <ixy/sim/wires/wire.hpp>

#include "tests/core/fake_folder.hpp"

namespace ixy::sim::test {

using Frame = std::vector<std::byte>;
using Folder = ixy::test::FakeFolder;
using namespace std::chrono_literals;

/// Opens a wire, which must succeed.
inline std::unique_ptr<Wire> open(const std::string& spec, const Impairments& impairments = {}) {
    auto wire = open_wire(spec, impairments);
    if (!wire) throw std::runtime_error(wire.error().text());
    return std::move(*wire);
}

inline ErrorKind kind_of_failure(const std::string& spec, const Impairments& impairments = {}) {
    auto wire = open_wire(spec, impairments);
    if (wire) throw std::runtime_error("\"" + spec + "\" was opened");
    EXPECT_FALSE(wire.error().what.empty());
    return wire.error().kind;
}

/// A frame of `size` bytes, at least 18, that contains a number.
inline Frame numbered(std::uint32_t number, std::size_t size = 60) {
    Frame frame(size);
    for (std::size_t i = 0; i < size; ++i) frame[i] = static_cast<std::byte>(i * 7 + number);
    std::memcpy(frame.data() + 14, &number, sizeof number);
    return frame;
}

inline std::uint32_t number_of(std::span<const std::byte> frame) {
    std::uint32_t number = 0;
    std::memcpy(&number, frame.data() + 14, sizeof number);
    return number;
}

/// The numbers of all frames that have arrived.
inline std::vector<std::uint32_t> numbers_at(Wire& wire, Time now = {}) {
    std::vector<std::uint32_t> numbers;
    while (const auto frame = wire.receive(now)) numbers.push_back(number_of(frame->bytes));
    return numbers;
}

inline std::vector<std::uint32_t> count_up(std::uint32_t begin, std::uint32_t end) {
    std::vector<std::uint32_t> numbers;
    for (std::uint32_t i = begin; i < end; ++i) numbers.push_back(i);
    return numbers;
}

/// Sends one frame, as a card does that has nothing more to send.
inline void send(Wire& wire, std::span<const std::byte> frame, Time now = {}) {
    wire.send(frame, now);
    wire.announce(now);
    wire.settle();
}

/// Sends frames numbered `begin` to `end` - 1.
inline void send_numbers(Wire& wire, std::uint32_t begin, std::uint32_t end, Time now = {}) {
    for (std::uint32_t i = begin; i < end; ++i) wire.send(numbered(i), now);
    wire.announce(now);
    wire.settle();
}

inline bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(200us);
    }
    return true;
}

}  // namespace ixy::sim::test
