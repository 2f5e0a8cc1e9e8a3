// A cable of two queues.
#include "tests/support/far_end.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

namespace ixy::test {

class FarEnd::Cable {
public:
    static constexpr std::size_t room = 16;  // frames on their way to the card

    explicit Cable(bool can_wait) : waits(can_wait) {}

    /// Waits up to `limit` for `condition`; true once it holds. A limit of zero takes no time.
    template <class Condition>
    bool wait(std::unique_lock<std::mutex>& lock, std::chrono::milliseconds limit, Condition condition) {
        return condition() || (limit.count() > 0 && changed.wait_for(lock, limit, condition));
    }

    const bool waits;

    std::mutex mutex;  ///< guards the two queues
    std::condition_variable changed;
    std::deque<Frame> to_card;
    std::deque<Frame> from_card;
    std::mutex ask_mutex;  ///< held while the card's callback runs, so that none runs once the card has withdrawn it
    std::function<void()> ask;
};

namespace {

template <class Cable>
class CardsEnd final : public sim::Wire {
public:
    explicit CardsEnd(std::shared_ptr<Cable> cable) : cable_(std::move(cable)) {}

    void send(std::span<const std::byte> frame, sim::Time) override {
        const std::lock_guard lock(cable_->mutex);
        cable_->from_card.emplace_back(frame.begin(), frame.end());
        cable_->changed.notify_all();
    }
    std::optional<sim::WireFrame> receive(sim::Time) override {
        const std::lock_guard lock(cable_->mutex);
        if (cable_->to_card.empty()) return std::nullopt;
        current_ = std::move(cable_->to_card.front());
        cable_->to_card.pop_front();
        cable_->changed.notify_all();
        return sim::WireFrame{.bytes = current_};
    }
    void on_arrival(std::function<void()> ask) override {
        const std::lock_guard lock(cable_->ask_mutex);
        cable_->ask = std::move(ask);
    }
    bool can_wait() const override { return cable_->waits; }

private:
    std::shared_ptr<Cable> cable_;
    Frame current_;
};

}  // namespace

FarEnd::FarEnd(bool waits) : cable_(std::make_shared<Cable>(waits)) {}

std::unique_ptr<sim::Wire> FarEnd::plug() { return std::make_unique<CardsEnd<Cable>>(cable_); }

bool FarEnd::send(std::span<const std::byte> frame, std::chrono::milliseconds limit) {
    {
        std::unique_lock lock(cable_->mutex);
        const auto has_room = [this] { return cable_->to_card.size() < Cable::room; };
        if (!cable_->wait(lock, limit, has_room)) return false;
        cable_->to_card.emplace_back(frame.begin(), frame.end());
    }
    const std::lock_guard lock(cable_->ask_mutex);
    if (cable_->ask) cable_->ask();
    return true;
}

Frame FarEnd::receive(std::chrono::milliseconds limit) {
    std::unique_lock lock(cable_->mutex);
    if (!cable_->wait(lock, limit, [this] { return !cable_->from_card.empty(); })) return {};
    Frame frame = std::move(cable_->from_card.front());
    cable_->from_card.pop_front();
    return frame;
}

}  // namespace ixy::test
