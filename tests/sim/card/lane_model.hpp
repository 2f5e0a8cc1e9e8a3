// A chip with 64 queues, each in a lane of its own, which notices when it is called by two threads that should exclude
// each other.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include <ixy/sim/card/card.hpp>

namespace ixy::sim::test {

inline constexpr unsigned queue_count = 64;

/// Registers of 8 bytes each, in a block of 64 bytes a lane; those of lane 0 come first and affect the whole card.
enum class LaneRegister : std::uint64_t {
    send = 0x00,     ///< written: sends a frame that starts with this number, and counts it if the wire is busy
    message = 0x08,  ///< written: sends that many messages on the vector of the lane
    timer = 0x10,    ///< written: the timer of the lane expires in that many nanoseconds
    meet = 0x18,     ///< written: waits inside until that many threads are in the model
    stay = 0x20,     ///< written: waits inside until the test sets `released`
    store = 0x28,    ///< written: writes a descriptor with this number to the lane's memory; read: the last one
    line = 0x30,     ///< written: level of the interrupt line
};
constexpr std::uint64_t lane_register(unsigned lane, LaneRegister which) {
    return lane * 64 + static_cast<std::uint64_t>(which);
}

class LaneModel final : public Model {
public:
    /// What a lane of the model writes; plain, so that the thread sanitizer sees two threads in one lane.
    struct alignas(64) Lane {
        std::atomic<unsigned> inside = 0;
        std::uint64_t accesses = 0;
        std::uint64_t stored = 0;
        std::uint64_t setting_seen = 0;
        std::uint64_t busy = 0;  ///< the wire was, when the lane wanted to send
    };
    static constexpr Time patience = std::chrono::seconds(60);
    static constexpr std::uint64_t memory_begin = 0x100000;

    LaneModel(Host& outside, const ModelOptions&) : host(outside) { latest = this; }

    unsigned lane(unsigned, std::uint64_t offset) const override {
        return offset / 64 <= queue_count ? static_cast<unsigned>(offset / 64) : 0;
    }
    std::uint64_t read(unsigned bar, std::uint64_t offset, unsigned) override {
        const Visit visit(*this, lane(bar, offset));
        return lanes[lane(bar, offset)].stored;
    }
    void write(unsigned bar, std::uint64_t offset, unsigned, std::uint64_t value) override {
        const unsigned which = lane(bar, offset);
        const Visit visit(*this, which);
        Lane& ours = lanes[which];
        ++ours.accesses;
        if (which == 0) ++setting;
        ours.setting_seen = setting;  // what only lane 0 changes may be read in every lane
        switch (static_cast<LaneRegister>(offset % 64)) {
            case LaneRegister::send:
                return send(ours, value);
            case LaneRegister::message:
                while (value-- != 0) host.send_message(which);
                return;
            case LaneRegister::timer:
                return host.schedule(which % 32, host.now() + Time(value));
            case LaneRegister::meet:
                return meet(value);
            case LaneRegister::stay:
                return wait([this] { return released.load(); });
            case LaneRegister::store:
                ours.stored = value;
                return store(which);
            case LaneRegister::line:
                return host.set_interrupt(value != 0);
        }
    }
    bool can_receive() const override { return true; }
    void receive(std::span<const std::byte>, bool) override {
        const Visit visit(*this, 0);
        ++received;
    }
    void resume_sending() override {
        const Visit visit(*this, 0);
        ++resumed;
    }
    void set_cable(bool) override { const Visit visit(*this, 0); }
    void timer(unsigned timer) override {
        const Visit visit(*this, 0);
        fired[timer].fetch_add(1);
    }
    void reset(ResetKind) override { const Visit visit(*this, 0); }

    Host& host;
    std::array<Lane, queue_count + 1> lanes;
    std::atomic<unsigned> most_inside = 0;  ///< threads at the same time
    std::atomic<unsigned> violations = 0;   ///< two threads where one must be alone, or a clock that moved in a turn
    std::atomic<bool> released = false;     ///< ends `stay`
    std::atomic<std::uint64_t> received = 0;
    std::atomic<std::uint64_t> resumed = 0;
    std::array<std::atomic<std::uint64_t>, 32> fired{};
    std::uint64_t setting = 0;         ///< of the whole card
    std::atomic<unsigned> inside = 0;  ///< threads that are in the model now

    static inline LaneModel* latest = nullptr;

private:
    class Visit {
    public:
        Visit(LaneModel& model, unsigned lane) : model_(model), lane_(lane) {
            const unsigned others_in_lane = model.lanes[lane].inside.fetch_add(1);
            const unsigned others = model.inside.fetch_add(1);
            const bool whole_card = model.lanes[0].inside.load() != 0;
            if (others_in_lane != 0 || (whole_card && (lane != 0 || others != 0))) ++model.violations;
            if (others + 1 > model.most_inside) model.most_inside = others + 1;  // nearly: for tests that expect 1
        }
        ~Visit() {
            model_.inside.fetch_sub(1);
            model_.lanes[lane_].inside.fetch_sub(1);
        }
        Visit(const Visit&) = delete;
        Visit& operator=(const Visit&) = delete;

    private:
        LaneModel& model_;
        unsigned lane_;
    };

    /// Gives up only when something is broken.
    void wait(const auto& condition) {
        const auto end = std::chrono::steady_clock::now() + patience;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > end) {
                ++violations;
                return;
            }
            std::this_thread::yield();
        }
    }
    void meet(std::uint64_t count) {
        const Time begin = host.now();
        ++met;
        wait([&] { return met >= count; });
        if (host.now() != begin) ++violations;
    }
    void send(Lane& ours, std::uint64_t number) {
        if (!host.can_send()) ++ours.busy;
        std::array<std::byte, 60> frame{};
        std::memcpy(frame.data(), &number, sizeof number);
        host.send(frame);
    }
    void store(unsigned which) {
        const std::array<std::uint64_t, 2> descriptor{lanes[which].stored, 1};
        host.write_back(IoAddress{memory_begin + which * 64}, std::as_bytes(std::span(descriptor)), 8);
    }

    std::atomic<std::uint64_t> met = 0;
};

inline std::unique_ptr<Model> make_lane_model(Host& host, const ModelOptions& options) {
    return std::make_unique<LaneModel>(host, options);
}

/// 64 queues in lanes of their own; an MSI-X vector a lane.
inline constexpr CardType many_lanes{
    .name = "lanes",
    .title = "a card for tests",
    .identity = {.vendor = 0x8086, .device = 0x4322, .class_code = 0x020000},
    .bars = {{{BarLayout::Kind::memory64, 8192}, {}, {}, {BarLayout::Kind::memory, 16384}}},
    .express = true,
    .msi_x = queue_count + 1,
    .msi_x_bar = 3,
    .lanes = queue_count + 1,
    .make = make_lane_model};

}  // namespace ixy::sim::test
