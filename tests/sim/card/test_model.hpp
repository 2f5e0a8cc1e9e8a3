// A chip that immediately does what is written to its registers, so that the effects of the card around it show.
#pragma once

#include <chrono>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <ixy/sim/card/card.hpp>

namespace ixy::sim::test {

/// Waits for something that another thread does, 20 seconds at most.
inline bool eventually(const auto& condition) {
    for (int i = 0; i < 200'000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::microseconds(100));
    return condition();
}

/// Registers of 8 bytes each in BAR 0; the rest of the BAR stores what is written.
enum Register : std::uint64_t {
    send = 0x00,      ///< written: sends a frame that starts with this number
    line = 0x08,      ///< written: level of the interrupt line
    message = 0x10,   ///< written: sends a message on this vector
    timer_0 = 0x18,   ///< written: timer 0 expires in that many nanoseconds; timers 1 to 3 follow
    received = 0x40,  ///< read: frames received
    run = 0x48,       ///< written: calls the test's task
    memory = 0x80,
};

class TestModel final : public Model {
public:
    TestModel(Host& outside, const ModelOptions&) : host(outside) { latest = this; }

    std::uint64_t read(unsigned, std::uint64_t offset, unsigned width) override {
        if (offset == Register::received) return frames.size();
        std::uint64_t value = 0;
        std::memcpy(&value, &registers[offset], width);
        return value;
    }
    void write(unsigned, std::uint64_t offset, unsigned width, std::uint64_t value) override {
        writes.push_back(value);
        if (offset == Register::send) send_number(value);
        if (offset == Register::line) host.set_interrupt(value != 0);
        if (offset == Register::message) host.send_message(static_cast<unsigned>(value));
        if (offset == Register::run) task();
        if (offset >= timer_0 && offset < received) {
            host.schedule(static_cast<unsigned>((offset - timer_0) / 8), host.now() + Time(value));
        }
        if (offset >= memory) std::memcpy(&registers[offset], &value, width);
    }
    bool can_receive() const override { return frames.size() < room; }
    void receive(std::span<const std::byte> frame, bool) override {
        std::uint64_t number = 0;
        std::memcpy(&number, frame.data(), sizeof number);
        frames.push_back(number);
        if (echoes && number != 0) send_number(number - 1);
    }
    void set_cable(bool plugged) override { cable = plugged; }
    void timer(unsigned timer) override {
        fired.push_back({timer, host.now()});
        if (repeat.count() != 0) host.schedule(timer, host.now() + repeat);
    }
    void reset(ResetKind) override { ++resets; }

    void send_number(std::uint64_t number) {
        std::array<std::byte, 60> frame{};
        std::memcpy(frame.data(), &number, sizeof number);
        host.send(frame);
    }

    struct Firing {
        unsigned timer;
        Time when;
        bool operator==(const Firing&) const = default;
    };
    Host& host;
    std::vector<std::byte> registers = std::vector<std::byte>(4096);
    std::vector<std::uint64_t> writes;
    std::vector<std::uint64_t> frames;
    std::vector<Firing> fired;
    std::function<void()> task;
    std::size_t room = ~std::size_t{0};
    Time repeat{};
    bool echoes = false;
    bool cable = false;
    int resets = 0;

    static inline TestModel* latest = nullptr;
};

inline std::unique_ptr<Model> make_test_model(Host& host, const ModelOptions& options) {
    return std::make_unique<TestModel>(host, options);
}

/// A card for a shared bus: memory, I/O, the legacy interrupt, MSI.
inline constexpr CardType plain_type{.name = "plain",
                                     .title = "a card for tests",
                                     .identity = {.vendor = 0x8086,
                                                  .device = 0x1234,
                                                  .subsystem_vendor = 0x1af4,
                                                  .subsystem_device = 0x1100,
                                                  .class_code = 0x020000,
                                                  .revision = 3},
                                     .bars = {{{BarLayout::Kind::memory, 4096}, {}, {BarLayout::Kind::io, 64}}},
                                     .msi = true,
                                     .make = make_test_model};

/// A PCI Express card: a 64-bit BAR, 40 MSI-X vectors.
inline constexpr CardType express_type{
    .name = "express",
    .title = "a card for tests",
    .identity = {.vendor = 0x8086, .device = 0x4321, .class_code = 0x020000},
    .bars = {{{BarLayout::Kind::memory64, 4096}, {}, {BarLayout::Kind::io, 32}, {BarLayout::Kind::memory, 16384}}},
    .express = true,
    .msi = true,
    .msi_x = 40,
    .msi_x_bar = 3,
    .make = make_test_model};

/// One end of a cable whose frames wait outside the card until it has room, as in a socket.
class QueueWire final : public Wire {
public:
    void send(std::span<const std::byte>, Time) override {}
    std::optional<WireFrame> receive(Time) override {
        if (numbers.empty()) return std::nullopt;
        std::memcpy(frame_.data(), &numbers.front(), sizeof numbers.front());
        numbers.pop_front();
        return WireFrame{.bytes = frame_};
    }
    int file() const override { return watched; }
    bool can_wait() const override { return true; }

    std::deque<std::uint64_t> numbers;
    int watched = -1;

private:
    std::array<std::byte, 60> frame_{};
};

/// A card that is switched on, its model, and its complaints.
struct TestCard {
    explicit TestCard(const CardType& type = plain_type, std::unique_ptr<Wire> wire = make_open_end(),
                      std::shared_ptr<Clock> clock = std::make_shared<SteppedClock>())
        : card(std::make_shared<Card>(type, std::move(wire),
                                      CardOptions{.clock = std::move(clock), .reports = reports})),
          model(*TestModel::latest) {
        card->config_write(pci_config::command, 2, 0x7);
    }
    void write(Register which, std::uint64_t value) const { card->bar_write(0, which, 8, value); }
    std::uint64_t read(Register which) const { return card->bar_read(0, which, 8); }

    std::shared_ptr<ReportList> reports = std::make_shared<ReportList>();
    std::shared_ptr<Card> card;
    TestModel& model;
};

}  // namespace ixy::sim::test
