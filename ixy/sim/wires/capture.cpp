// Capture files: one is played as fast as the card takes its frames; the card's own frames are written to the other.
#include "capture_player.hpp"
#include "capture_writer.hpp"

namespace ixy::sim {
namespace {

class Capture final : public Wire {
public:
    Expected<> open(const std::string& in, const std::string& out) {
        if (!in.empty()) {
            player_.emplace();
            if (auto opened = player_->open(in); !opened) return opened;
        }
        if (out.empty()) return {};
        writer_.emplace();
        return writer_->open(out);
    }

    void send(std::span<const std::byte> frame, Time now) override {
        writer_ ? writer_->write(frame, now) : lost_.add(1);
    }
    std::optional<WireFrame> receive(Time) override { return player_ ? player_->take() : std::nullopt; }
    void advance(Time now) override {
        if (writer_ && writer_->next_time()) writer_->advance(now);
    }
    void announce(Time now) override { advance(now); }
    /// Now, while there are frames: a card takes them whenever it has room.
    std::optional<Time> next_time() const override {
        if (player_ && player_->has_frame()) return Time(0);
        return writer_ ? writer_->next_time() : std::nullopt;
    }
    int file() const override { return player_ ? player_->file() : -1; }
    bool has_room(Time) const override { return !writer_ || writer_->has_room(); }
    std::size_t waiting() const override { return writer_ ? writer_->waiting() : 0; }
    Expected<> finish() override {
        const auto written = writer_ ? writer_->finish() : Expected<>();
        return written && player_ ? player_->check() : written;
    }
    bool can_wait() const override { return true; }
    bool waits_for_link() const override { return true; }
    std::uint64_t lost() const override {
        return lost_.value() + (writer_ ? writer_->lost() : 0) + (player_ ? player_->left_out() : 0);
    }

private:
    mutable std::optional<Player> player_;
    std::optional<Writer> writer_;
    Counter lost_;
};

}  // namespace

Expected<std::unique_ptr<Wire>> open_capture(const std::string& in, const std::string& out) {
    auto capture = std::make_unique<Capture>();
    if (auto opened = capture->open(in, out); !opened) return std::unexpected(opened.error());
    return capture;
}

}  // namespace ixy::sim
