// A host for tests of a model: memory from address 0, a clock that advances only when told to, and a record of
// everything the model does.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <ixy/sim/chips/model.hpp>
#include <optional>
#include <string>
#include <vector>

namespace ixy::sim {

class TestHost final : public Host {
public:
    explicit TestHost(std::size_t bytes = 1 << 20) : memory(bytes) {}

    std::vector<std::byte> memory;               ///< DMA memory: addresses 0 to its size
    std::vector<std::vector<std::byte>> frames;  ///< sent
    std::vector<unsigned> messages;              ///< MSI-X vectors fired
    std::vector<Report> reports;
    bool line = false;          ///< the interrupt line's level
    unsigned times_raised = 0;  ///< how often it was raised
    bool msi_x = false;         ///< the result of messages_enabled()
    unsigned faults = 0;        ///< DMA outside memory
    std::size_t last_word = 0;  ///< `last` of the latest write_back()
    Time time{};
    std::array<std::optional<Time>, 32> deadlines{};

    /// Lets `duration` pass; timers that come due run on time and in order.
    void pass(Model& model, Time duration) {
        pass(duration, [&](unsigned timer) { model.timer(timer); });
    }
    template <class Run>
    void pass(Time duration, Run run) {
        const Time until = time + duration;
        const auto earlier = [](const auto& a, const auto& b) { return a && (!b || *a < *b); };
        while (true) {
            const auto next = std::ranges::min_element(deadlines, earlier);
            if (!*next || **next > until) break;
            time = std::max(time, **next);
            next->reset();
            run(static_cast<unsigned>(next - deadlines.begin()));
        }
        time = until;
    }
    std::size_t count(Misuse kind) const {
        return static_cast<std::size_t>(std::ranges::count(reports, kind, &Report::kind));
    }
    /// All reports, one per line, for a failing test to show.
    std::string said() const {
        std::string text;
        for (const Report& each : reports) text += each.text + '\n';
        return text;
    }

    /// A value in memory.
    template <class T>
    T load(IoAddress from) const {
        T value{};
        std::memcpy(&value, memory.data() + from.value, sizeof value);
        return value;
    }
    template <class T>
    void store(IoAddress to, const T& value) {
        std::memcpy(memory.data() + to.value, &value, sizeof value);
    }

    bool read(IoAddress from, std::span<std::byte> to) override {
        if (!inside(from, to.size())) {
            std::ranges::fill(to, std::byte{});
            return false;
        }
        std::memcpy(to.data(), memory.data() + from.value, to.size());
        return true;
    }
    bool write(IoAddress to, std::span<const std::byte> from) override {
        if (!inside(to, from.size())) return false;
        std::memcpy(memory.data() + to.value, from.data(), from.size());
        return true;
    }
    bool write_back(IoAddress to, std::span<const std::byte> from, std::size_t last) override {
        last_word = last;
        return write(to, from);
    }
    void set_interrupt(bool asserted) override {
        if (asserted && !line) ++times_raised;
        line = asserted;
    }
    bool messages_enabled() const override { return msi_x; }
    void send_message(unsigned vector) override { messages.push_back(vector); }
    void send(std::span<const std::byte> frame) override { frames.emplace_back(frame.begin(), frame.end()); }
    Time now() const override { return time; }
    void schedule(unsigned timer, std::optional<Time> when) override { deadlines.at(timer) = when; }
    void report(Misuse kind, std::string text) override { reports.push_back({kind, std::move(text), time}); }

private:
    bool inside(IoAddress at, std::size_t bytes) {
        const std::uint64_t first = at.value;
        const bool legal = first <= memory.size() && bytes <= memory.size() - first;
        if (!legal) {
            ++faults;
            report(Misuse::dma_not_mapped, "DMA outside of memory");
        }
        return legal;
    }
};

}  // namespace ixy::sim
