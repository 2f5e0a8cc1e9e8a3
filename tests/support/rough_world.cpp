// Two wrappers around a model: one of its host, where writes arrive late, and one of its registers.
#include "tests/support/rough_world.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/datasheet/e1000/registers.hpp>

namespace ixy::test {
namespace {

using namespace datasheet::e1000;
using sim::Time;

constexpr unsigned landing_timer = 31;  // the models need fewer
constexpr Time latest = std::chrono::microseconds(100);

class PostingHost final : public sim::Host {
public:
    explicit PostingHost(sim::Host& inner) : inner_(inner) {}

    /// A card's own reads flush its writes, too.
    bool read(IoAddress from, std::span<std::byte> to) override {
        push();
        return inner_.read(from, to);
    }
    bool write(IoAddress to, std::span<const std::byte> from) override {
        const std::size_t half = from.size() / 2;
        post({.to = to + half, .bytes = bytes_of(from.subspan(half)), .last = {}});
        post({.to = to, .bytes = bytes_of(from.first(half)), .last = {}});
        return true;
    }
    bool write_back(IoAddress to, std::span<const std::byte> from, std::size_t last) override {
        Write write{.to = to, .bytes = bytes_of(from), .last = last};
        if (from.size() == sizeof(ReceiveDescriptor)) fill_with_garbage(write.bytes, last);
        post(write);
        post(std::move(write));
        return true;
    }

    void set_interrupt(bool asserted) override { inner_.set_interrupt(asserted); }
    bool messages_enabled() const override { return inner_.messages_enabled(); }
    void send_message(unsigned vector) override { inner_.send_message(vector); }
    void send(std::span<const std::byte> frame) override { inner_.send(frame); }
    bool can_send() override { return inner_.can_send(); }
    Time now() const override { return inner_.now(); }
    void schedule(unsigned timer, std::optional<Time> when) override { inner_.schedule(timer, when); }
    void report(sim::Misuse kind, std::string text) override { inner_.report(kind, std::move(text)); }

    /// All posted writes arrive.
    void push() { land(Time::max()); }
    /// All posted writes that are due arrive.
    void land(Time until) {
        for (; !posted_.empty() && posted_.front().when <= until; posted_.pop_front()) {
            const Write& write = posted_.front();
            if (write.last) {
                inner_.write_back(write.to, write.bytes, *write.last);
            } else {
                inner_.write(write.to, write.bytes);
            }
        }
        inner_.schedule(landing_timer, posted_.empty() ? std::nullopt : std::optional(posted_.front().when));
    }

private:
    struct Write {
        Time when{};
        IoAddress to;
        std::vector<std::byte> bytes;
        std::optional<std::size_t> last;  ///< of write-backs
    };

    static std::vector<std::byte> bytes_of(std::span<const std::byte> bytes) { return {bytes.begin(), bytes.end()}; }

    void post(Write write) {
        write.when = inner_.now() + (dice_() % 4 == 0 ? latest * static_cast<int>(dice_() % 16) / 16 : Time::zero());
        if (!posted_.empty()) write.when = std::max(write.when, posted_.back().when);
        posted_.push_back(std::move(write));
        inner_.schedule(landing_timer, posted_.front().when);
    }
    /// Both kinds of descriptors have the status in a place of its own, which is written last.
    void fill_with_garbage(std::vector<std::byte>& bytes, std::size_t status_at) {
        if (status_at == offsetof(ExtendedReceiveWriteBack, status)) {
            fill_extended_with_garbage(bytes);
        } else {
            fill_legacy_with_garbage(bytes);
        }
    }
    /// Fields without a meaning in 3.2.3: the buffer's address, a checksum that was not requested, PIF when everything
    /// is received, and the tag of an untagged frame.
    void fill_legacy_with_garbage(std::vector<std::byte>& bytes) {
        ReceiveDescriptor descriptor;
        std::memcpy(&descriptor, bytes.data(), sizeof descriptor);
        descriptor.address = dice_();
        descriptor.length = RDESC_LENGTH.LENGTH(RDESC_LENGTH.LENGTH.of(descriptor.length)) |
                            RDESC_LENGTH.CHECKSUM(static_cast<std::uint32_t>(dice_() & 0xffff));
        if (dice_() % 2 == 0) descriptor.status |= RDESC_STATUS.PIF;
        if (!(descriptor.status & RDESC_STATUS.VP)) {
            descriptor.status |= RDESC_STATUS.from(static_cast<std::uint32_t>(dice_()) << RDESC_STATUS.VLAN.low);
        }
        std::memcpy(bytes.data(), &descriptor, sizeof descriptor);
    }
    /// The same in 82574L 7.1.5.2: the hash of a frame that is not hashed, PIF, ACK, and the tag of an untagged frame.
    void fill_extended_with_garbage(std::vector<std::byte>& bytes) {
        ExtendedReceiveWriteBack descriptor;
        std::memcpy(&descriptor, bytes.data(), sizeof descriptor);
        if (EXTENDED_MRQ.RSS_TYPE.of(descriptor.mrq) == 0) descriptor.hash = static_cast<std::uint32_t>(dice_());
        if (dice_() % 2 == 0) descriptor.status |= EXTENDED_STATUS.PIF | EXTENDED_STATUS.ACK;
        if (!(descriptor.status & EXTENDED_STATUS.VP)) {
            descriptor.length |= EXTENDED_LENGTH.from(static_cast<std::uint32_t>(dice_()) << EXTENDED_LENGTH.VLAN.low);
        }
        std::memcpy(bytes.data(), &descriptor, sizeof descriptor);
    }

    sim::Host& inner_;
    std::deque<Write> posted_;
    std::mt19937_64 dice_{1};
};

class RoughCard final : public sim::Model {
public:
    RoughCard(sim::Host& host, const sim::CardType& type, const sim::ModelOptions& options)
        : host_(host),
          inner_(type.make(host_, options)),
          done_(type.express ? EERD_NARROW.DONE.mask() : EERD.DONE.mask()) {}

    std::uint64_t read(unsigned bar, std::uint64_t offset, unsigned width) override {
        host_.push();
        const std::uint64_t value = inner_->read(bar, offset, width);
        if (bar != 0 || offset != busy_ || looks_ == 0) return value;
        --looks_;
        if (offset == EERD.offset) return value & ~std::uint64_t{done_ | EERD.DATA.mask()};
        if (offset == MDIC.offset) return value & ~std::uint64_t{MDIC.R.mask() | MDIC.DATA.mask()};
        return value | CTRL.RST.mask();
    }
    void write(unsigned bar, std::uint64_t offset, unsigned width, std::uint64_t value) override {
        inner_->write(bar, offset, width, value);
        const bool resets = offset == CTRL.offset && (value & CTRL.RST.mask()) != 0;
        if (bar != 0 || !(resets || offset == EERD.offset || offset == MDIC.offset)) return;
        busy_ = offset;
        looks_ = 1 + ++operations_ % 5;
    }

    bool can_receive() const override { return inner_->can_receive(); }
    void receive(std::span<const std::byte> frame, bool damaged) override {
        inner_->receive(frame, damaged);
        inner_->write(0, ICS.offset, 4, ICS.LSC.mask() | ICS.RXO.mask());
    }
    bool has_link() const override { return inner_->has_link(); }
    void resume_sending() override { inner_->resume_sending(); }
    void set_cable(bool plugged) override { inner_->set_cable(plugged); }
    void timer(unsigned timer) override { timer == landing_timer ? host_.land(host_.now()) : inner_->timer(timer); }
    void reset(sim::ResetKind kind) override {
        host_.push();
        inner_->reset(kind);
    }

private:
    PostingHost host_;
    std::unique_ptr<sim::Model> inner_;
    std::uint32_t done_;       ///< of EERD
    std::uint64_t busy_ = 0;   ///< the register with an operation in progress
    unsigned looks_ = 0;       ///< reads until it is done
    unsigned operations_ = 0;  ///< so far
};

constexpr std::string_view em = "82540em", l = "82574l";

template <const std::string_view& Name>
const sim::CardType& rough() {
    static const sim::CardType rough = [] {
        sim::CardType type = *sim::find_card_type(Name);
        type.make = [](sim::Host& host, const sim::ModelOptions& options) -> std::unique_ptr<sim::Model> {
            return std::make_unique<RoughCard>(host, *sim::find_card_type(Name), options);
        };
        return type;
    }();
    return rough;
}

}  // namespace

const sim::CardType& rough_82540em() { return rough<em>(); }
const sim::CardType& rough_82574l() { return rough<l>(); }

}  // namespace ixy::test
