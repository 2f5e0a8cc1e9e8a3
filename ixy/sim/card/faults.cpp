// Memory faults. Only the write-back reveals the kind of a descriptor: 16 bytes for a received frame, 4 for the status
// of a sent one.
#include <ixy/sim/card/faults.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <mutex>
#include <random>
#include <string>

#include <ixy/core/files.hpp>
#include <ixy/core/numbers.hpp>

namespace ixy::sim {
namespace {

using faults::Fault;
using faults::Kind;

constexpr std::size_t descriptor_size = 16;
constexpr std::uint64_t latest = 64;  // write-backs until a duplicate arrives, at most

class FaultyHost final : public Host {
public:
    FaultyHost(Host& inner, const faults::Plan& plan) : inner_(inner), dice_(plan.seed) {
        std::ranges::copy_if(plan.faults, std::back_inserter(faults_), &Fault::is_of_memory);
    }

    bool read(IoAddress from, std::span<std::byte> to) override {
        const std::lock_guard lock(mutex_);
        if (!transfer_fails()) return inner_.read(from, to);
        std::ranges::fill(to, std::byte{0});
        return false;
    }
    bool write(IoAddress to, std::span<const std::byte> from) override {
        const std::lock_guard lock(mutex_);
        return !transfer_fails() && inner_.write(to, from);
    }
    bool write_back(IoAddress to, std::span<const std::byte> from, std::size_t last) override;

    void set_interrupt(bool asserted) override { inner_.set_interrupt(asserted); }
    bool messages_enabled() const override { return inner_.messages_enabled(); }
    void send_message(unsigned vector) override { inner_.send_message(vector); }
    void send(std::span<const std::byte> frame) override { inner_.send(frame); }
    bool can_send() override { return inner_.can_send(); }
    Time now() const override { return inner_.now(); }
    void schedule(unsigned timer, std::optional<Time> when) override { inner_.schedule(timer, when); }
    void report(Misuse kind, std::string text) override { inner_.report(kind, std::move(text)); }

private:
    /// A copy of a write-back that will be repeated.
    struct Again {
        std::uint64_t when;  ///< at this write-back
        IoAddress to;
        std::vector<std::byte> bytes;
        std::size_t last;
    };

    const Fault* find(Kind kind, std::uint64_t count) const {
        const auto found = std::ranges::find_if(
            faults_, [=](const Fault& fault) { return fault.kind == kind && fault.is_active(count); });
        return found == faults_.end() ? nullptr : &*found;
    }
    bool transfer_fails() { return find(Kind::fail_dma, ++transfers_) != nullptr; }
    std::uint32_t dice(std::uint64_t limit) { return static_cast<std::uint32_t>(dice_() % limit); }
    void write_again();

    Host& inner_;
    std::mutex mutex_;  ///< guards everything below: a card's lanes call at the same time
    std::vector<Fault> faults_;
    std::mt19937_64 dice_;
    std::uint64_t write_backs_ = 0;
    std::uint64_t transfers_ = 0;
    std::deque<Again> again_;
};

bool FaultyHost::write_back(IoAddress to, std::span<const std::byte> from, std::size_t last) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t count = ++write_backs_;
    write_again();
    if (find(Kind::lose_write_back, count) != nullptr) return true;  // the card does not know
    if (transfer_fails()) return false;

    std::vector<std::byte> bytes(from.begin(), from.end());
    if (const Fault* fault = find(Kind::length, count); fault != nullptr && bytes.size() == descriptor_size) {
        const auto length = static_cast<std::uint16_t>(fault->value);
        const std::size_t at = last == 12 ? 8 : 12;  // legacy descriptors, and extended ones
        std::memcpy(bytes.data() + at, &length, sizeof length);
    }
    if (find(Kind::garble_write_back, count) != nullptr) {
        for (std::uint32_t flips = 1 + dice(3); flips != 0; --flips) {
            const std::uint32_t bit = dice(16);
            bytes[last + bit / 8] ^= std::byte{1} << bit % 8;
        }
    }
    if (find(Kind::double_write_back, count) != nullptr) {
        again_.push_back({.when = count + 1 + dice(latest), .to = to, .bytes = bytes, .last = last});
    }
    return inner_.write_back(to, bytes, last);
}

void FaultyHost::write_again() {
    std::erase_if(again_, [this](const Again& again) {
        if (again.when > write_backs_) return false;
        inner_.write_back(again.to, again.bytes, again.last);
        return true;
    });
}

}  // namespace

std::unique_ptr<Host> make_faulty_host(Host& inner, const faults::Plan& plan) {
    return std::make_unique<FaultyHost>(inner, plan);
}

std::unique_ptr<Host> wrap_in_faults(Host& inner, void* plan) {
    return make_faulty_host(inner, *static_cast<const faults::Plan*>(plan));
}

faults::Plan random_memory_faults(std::uint64_t seed) {
    std::mt19937_64 dice(seed);
    constexpr std::array kinds{Kind::lose_write_back, Kind::double_write_back, Kind::garble_write_back, Kind::length,
                               Kind::fail_dma};
    faults::Plan plan{.seed = seed, .faults = {}};
    for (std::uint64_t count = 1 + dice() % 3; count != 0; --count) {
        Fault fault{.kind = kinds[dice() % kinds.size()]};
        if (fault.kind == Kind::length)
            fault.value = static_cast<std::uint32_t>(dice() % (dice() % 2 == 0 ? 0x10000 : 2049));
        if (dice() % 4 != 0) fault.after = dice() % 500;
        if (dice() % 4 != 0) fault.lasts = 1 + dice() % 40;
        plan.faults.push_back(fault);
    }
    return plan;
}

Expected<faults::Plan> read_faults(std::string_view text) {
    if (text.starts_with("seed:")) {
        if (const auto seed = parse_whole(text.substr(5))) return random_memory_faults(*seed);
        return failure(ErrorKind::invalid_argument, "\"" + std::string(text) + "\": the seed is not a whole number",
                       "write it like seed:7");
    }
    auto script = read_script(std::string(text));
    if (!script) return std::unexpected(script.error());
    return faults::parse_plan(*script);
}

}  // namespace ixy::sim
