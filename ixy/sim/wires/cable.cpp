// Cables between the cards of a process, by name; and the loop, which is a cable with both ends in one card.
#include <map>
#include <mutex>

#include "arrival.hpp"
#include "frame_ring.hpp"
#include "kinds.hpp"

namespace ixy::sim {
namespace {

constexpr std::size_t frames_in_cable = 1024;
constexpr std::size_t bytes_in_cable = 2048 * frames_in_cable;

struct Side {
    FrameRing inbox{frames_in_cable, bytes_in_cable};
    Arrival arrival;                  ///< notifies the inbox's receiver
    std::atomic<bool> taken = false;  ///< this end is plugged in
};

/// What the two ends share.
struct Cable {
    std::array<Side, 2> sides;
};

/// The cables of which at least one end is taken.
struct Registry {
    std::mutex mutex;
    std::map<std::string, std::weak_ptr<Cable>> cables;
};

Registry& registry() {
    static auto* const only = new Registry;  // never destroyed: an end may outlive main
    return *only;
}

/// One end. Frames sent while nobody has the other end are lost; frames in the inbox when the other end is pulled out
/// can still be received.
class CableEnd final : public Wire {
public:
    CableEnd(std::string name, std::shared_ptr<Cable> cable, Side& ours, Side& theirs)
        : name_(std::move(name)), cable_(std::move(cable)), ours_(ours), theirs_(theirs) {
        ours_.inbox.clear();  // frames for this end's previous owner
        ours_.taken = true;
    }

    ~CableEnd() override {
        on_arrival(nullptr);
        settle();
        const std::lock_guard lock(registry().mutex);
        ours_.taken = false;
        if (!theirs_.taken) registry().cables.erase(name_);
    }

    void send(std::span<const std::byte> frame, Time) override { put(frame, false); }
    bool send_damaged(std::span<const std::byte> frame, Time) override { return put(frame, true), true; }

    std::optional<WireFrame> receive(Time) override {
        if (lent_) ours_.inbox.pop();
        const std::optional<StoredFrame> frame = ours_.inbox.front();
        lent_ = frame.has_value();
        if (!frame) return std::nullopt;
        return WireFrame{frame->bytes, frame->damaged};
    }

    void settle() override {
        if (unsettled_.load(std::memory_order_relaxed) && unsettled_.exchange(false, std::memory_order_acq_rel)) {
            theirs_.arrival.ring();
        }
    }

    void on_arrival(std::function<void()> ask) override { ours_.arrival.set(std::move(ask)); }
    unsigned end() const override { return &ours_ == &cable_->sides[0] ? 0 : 1; }
    bool other_end_is_missing() const override { return !theirs_.taken.load(std::memory_order_relaxed); }
    bool loops_back() const override { return &ours_ == &theirs_; }
    std::size_t waiting() const override { return loops_back() ? ours_.inbox.size() : 0; }
    std::uint64_t lost() const override { return lost_.value(); }

private:
    void put(std::span<const std::byte> frame, bool damaged) {
        if (theirs_.taken.load(std::memory_order_relaxed) && theirs_.inbox.push(frame, damaged)) {
            unsettled_.store(true, std::memory_order_release);
        } else {
            lost_.add(1);
        }
    }

    std::string name_;
    std::shared_ptr<Cable> cable_;
    Side& ours_;
    Side& theirs_;
    bool lent_ = false;  ///< receive() has returned the inbox's front
    std::atomic<bool> unsettled_ = false;
    Counter lost_;
};

}  // namespace

Expected<std::unique_ptr<Wire>> open_cable(const std::string& name) {
    const std::lock_guard lock(registry().mutex);
    std::weak_ptr<Cable>& entry = registry().cables[name];
    std::shared_ptr<Cable> cable = entry.lock();
    if (!cable) entry = cable = std::make_shared<Cable>();
    auto& [one, other] = cable->sides;
    if (!one.taken) return std::make_unique<CableEnd>(name, cable, one, other);
    if (!other.taken) return std::make_unique<CableEnd>(name, cable, other, one);
    return failure(ErrorKind::busy, "wire " + name + ": both ends are taken", "choose another name: wire=NAME");
}

std::unique_ptr<Wire> make_loop() {
    const auto cable = std::make_shared<Cable>();
    return std::make_unique<CableEnd>("", cable, cable->sides[0], cable->sides[0]);
}

}  // namespace ixy::sim
