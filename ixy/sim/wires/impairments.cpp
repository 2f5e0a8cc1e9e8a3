// What a real cable does to frames, done to frames that go into another wire, in this order:
//
//   loss ─▶ corruption ─▶ reordering ─▶ rate: one after the other ─▶ delay ─▶ in flight until due ─▶ the wire
//
// All chance comes from the seed: the same frames at the same times meet the same fate.
#include <array>
#include <cstring>
#include <random>
#include <vector>

#include "frame_ring.hpp"
#include "kinds.hpp"

namespace ixy::sim {
namespace {

constexpr std::size_t frames_on_the_way = 4096;
constexpr std::size_t bytes_on_the_way = 2048 * frames_on_the_way;
constexpr std::size_t frame_overhead = 24;  // preamble and delimiter 8, check sequence 4, gap 12 bytes
constexpr Time longest_hold = std::chrono::milliseconds(10);
using FineTime = std::chrono::duration<double, std::nano>;  // a bit at 10 Gbit/s takes a tenth of a nanosecond

class ImpairedWire final : public Wire {
public:
    ImpairedWire(std::unique_ptr<Wire> wire, const Impairments& impairments)
        : wire_(std::move(wire)), impairments_(impairments), chance_(impairments.seed) {}
    /// Frames still in flight arrive: they were sent while the cable was whole.
    ~ImpairedWire() override {
        release(Time::max());
        wire_->settle();
    }

    void send(std::span<const std::byte> frame, Time now) override { take(frame, false, now); }
    bool send_damaged(std::span<const std::byte> frame, Time now) override { return take(frame, true, now), true; }
    std::optional<WireFrame> receive(Time now) override {
        advance(now);
        return wire_->receive(now);
    }
    void advance(Time now) override {
        release(now);
        wire_->advance(now);
    }
    std::optional<Time> next_time() const override;

    void announce(Time now) override { wire_->announce(now); }
    void settle() override { wire_->settle(); }
    void on_arrival(std::function<void()> ask) override { wire_->on_arrival(std::move(ask)); }
    int file() const override { return wire_->file(); }
    int sending_file() const override { return wire_->sending_file(); }
    bool can_wait() const override { return wire_->can_wait(); }
    bool waits_for_link() const override { return wire_->waits_for_link(); }
    unsigned end() const override { return wire_->end(); }
    bool has_room(Time now) const override { return !on_the_way_.is_half_full() && wire_->has_room(now); }
    std::uint64_t lost() const override { return lost_.value() + wire_->lost(); }
    /// Frames in flight arrive, but not at a card that is about to go away.
    std::size_t waiting() const override { return wire_->waiting() + (loops_back() ? on_the_way_.size() : 0); }
    bool other_end_is_missing() const override { return wire_->other_end_is_missing(); }
    bool loops_back() const override { return wire_->loops_back(); }
    Expected<> finish() override {
        if (!loops_back()) release(Time::max());
        return wire_->finish();
    }

private:
    /// A frame that the next one overtakes.
    struct HeldFrame {
        std::vector<std::byte> bytes;  ///< keeps its memory
        bool damaged = false;
        Time until{};  ///< released then if there is no next one
    };

    bool happens(double share) {
        return share > 0 && static_cast<double>(chance_() >> 11) * 0x1p-53 < share;  // 53 bits: 0 to below 1
    }
    void take(std::span<const std::byte> frame, bool damaged, Time now);
    std::span<const std::byte> corrupt(std::span<const std::byte> frame);
    bool is_overtaken();
    void release_held(Time now);
    void release(Time now);
    void transmit(std::span<const std::byte> frame, bool damaged, Time now);
    void pass_on(std::span<const std::byte> frame, bool damaged, Time now) {
        if (!damaged) return wire_->send(frame, now);
        if (!wire_->send_damaged(frame, now)) lost_.add(1);
    }

    std::unique_ptr<Wire> wire_;
    Impairments impairments_;
    std::mt19937_64 chance_;
    FrameRing on_the_way_{frames_on_the_way, bytes_on_the_way};
    FineTime free_at_{};  ///< when the last bit of the last frame has gone
    HeldFrame held_;
    bool holding_ = false;
    std::array<std::byte, longest_wire_frame> corrupted_;
    Counter lost_;
};

void ImpairedWire::take(std::span<const std::byte> frame, bool damaged, Time now) {
    advance(now);
    if (frame.empty() || frame.size() > longest_wire_frame) return lost_.add(1);
    if (happens(impairments_.loss)) return;
    if (happens(impairments_.corruption)) {
        frame = corrupt(frame);
        damaged = true;
    }
    if (is_overtaken()) {
        held_.bytes.assign(frame.begin(), frame.end());
        held_.damaged = damaged;
        held_.until = now + longest_hold;
        holding_ = true;
        return;
    }
    transmit(frame, damaged, now);
    release_held(now);
}

/// Flips one bit, which a 32-bit check sequence always detects.
std::span<const std::byte> ImpairedWire::corrupt(std::span<const std::byte> frame) {
    if (frame.empty()) return frame;
    std::memcpy(corrupted_.data(), frame.data(), frame.size());
    const std::uint64_t bit = chance_() % (8 * frame.size());
    corrupted_[bit / 8] ^= std::byte{1} << bit % 8;
    return std::span<const std::byte>(corrupted_).first(frame.size());
}

/// Whether the next frame overtakes this one. A frame that overtakes is not overtaken itself, so a share p of all
/// frames is a share p / (1 - p) of the others, and the most is a half.
bool ImpairedWire::is_overtaken() {
    const double share = impairments_.reorder;
    return !holding_ && happens(share < 0.5 ? share / (1 - share) : 1.0);
}

void ImpairedWire::release_held(Time now) {
    if (!holding_) return;
    holding_ = false;
    transmit(held_.bytes, held_.damaged, now);
}

/// Puts the frame on the line as soon as the line is free; the frame is due at the other end when its last bit is.
void ImpairedWire::transmit(std::span<const std::byte> frame, bool damaged, Time now) {
    auto end = std::max<FineTime>(free_at_, now);
    if (impairments_.bits_per_second > 0) {
        const double bits = 8.0 * static_cast<double>(frame.size() + frame_overhead);
        end += std::chrono::duration<double>(bits / impairments_.bits_per_second);
    }
    const Time due = std::chrono::ceil<Time>(end) + impairments_.delay;
    if (due <= now && on_the_way_.empty()) {
        pass_on(frame, damaged, now);
    } else if (!on_the_way_.push(frame, damaged, due)) {
        return lost_.add(1);  // and takes no line time
    }
    free_at_ = end;
}

void ImpairedWire::release(Time now) {
    if (holding_ && held_.until <= now) release_held(held_.until);
    for (auto frame = on_the_way_.front(); frame && frame->due <= now; frame = on_the_way_.front()) {
        pass_on(frame->bytes, frame->damaged, frame->due);
        on_the_way_.pop();
    }
}

std::optional<Time> ImpairedWire::next_time() const {
    std::optional<Time> next = wire_->next_time();
    const auto earlier = [&next](Time time) { next = next ? std::min(*next, time) : time; };
    if (const auto frame = on_the_way_.front()) earlier(frame->due);
    if (holding_) earlier(held_.until);
    return next;
}

}  // namespace

std::unique_ptr<Wire> impair(std::unique_ptr<Wire> wire, const Impairments& impairments) {
    return std::make_unique<ImpairedWire>(std::move(wire), impairments);
}

}  // namespace ixy::sim
