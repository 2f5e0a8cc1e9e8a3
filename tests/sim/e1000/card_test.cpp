// The model in its card, with time and a wire: behaviour that neither of them shows alone.
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/datasheet/e1000/registers.hpp>
#include <ixy/pci/function.hpp>
#include <ixy/sim/card/card.hpp>
#include <ixy/sim/chips/e1000/e1000.hpp>

namespace ixy::sim::e1000 {
namespace {

using namespace datasheet::e1000;
using namespace std::chrono_literals;
using datasheet::RegisterInfo;

/// Has ten frames from the start: those of a capture file, or of a sender that does not wait for a link.
class TenFrames final : public Wire {
public:
    explicit TenFrames(bool waits_for_link) : waits_(waits_for_link) {}
    void send(std::span<const std::byte>, Time) override {}
    std::optional<WireFrame> receive(Time) override {
        if (left_ == 0) return std::nullopt;
        --left_;
        return WireFrame{.bytes = frame_};
    }
    std::optional<Time> next_time() const override { return left_ != 0 ? std::optional(Time{}) : std::nullopt; }
    bool can_wait() const override { return true; }
    bool waits_for_link() const override { return waits_; }

private:
    bool waits_;
    int left_ = 10;
    std::vector<std::byte> frame_ = std::vector<std::byte>(60, std::byte{0xff});
};

/// A card whose link comes up 20 ms after power-on.
struct SlowCard {
    explicit SlowCard(const CardType& type, std::unique_ptr<Wire> wire = make_open_end())
        : card(type, std::move(wire), {.model = {.link_delay = 20ms}, .clock = clock}) {
        switch_on();
    }
    void switch_on() { card.config_write(pci_config::command, 2, 7); }
    std::uint32_t read(const RegisterInfo& info) {
        return static_cast<std::uint32_t>(card.bar_read(0, info.offset, 4));
    }
    void write(const RegisterInfo& info, std::uint32_t value) { card.bar_write(0, info.offset, 4, value); }
    bool up() { return (read(STATUS) & STATUS.LU.mask()) != 0; }
    /// Supplies fifteen descriptors and enables the receiver.
    void start_receiver() {
        ASSERT_TRUE(card.map({0}, memory));
        for (std::uint64_t i = 0; i < 16; ++i) {
            const std::uint64_t buffer = 0x1000 + i * 0x800;
            std::memcpy(&memory[i * 16], &buffer, sizeof buffer);
        }
        write(RDLEN, 16 * 16);
        write(RDT, 15);
        write(RCTL, (RCTL.EN | RCTL.BAM).bits);
    }

    std::shared_ptr<SteppedClock> clock = std::make_shared<SteppedClock>();
    std::vector<std::byte> memory = std::vector<std::byte>(0x1'0000);
    Card card;
};

TEST(E1000CardTest, a_function_level_reset_leaves_the_phy_negotiating) {
    for (const CardType* type : {&card_82540em, &card_82574l}) {
        SlowCard nic(*type);
        nic.clock->pass(5ms);
        nic.card.reset();
        nic.switch_on();
        nic.write(CTRL, CTRL.SLU.mask());
        nic.clock->pass(14ms);
        EXPECT_FALSE(nic.up()) << type->name;
        nic.clock->pass(1ms);
        EXPECT_TRUE(nic.up()) << type->name;
    }
}

TEST(E1000CardTest, a_capture_file_starts_once_the_link_is_up) {
    SlowCard nic(card_82540em, std::make_unique<TenFrames>(true));
    nic.start_receiver();
    nic.write(CTRL, CTRL.SLU.mask());
    nic.clock->pass(19ms);
    EXPECT_EQ(nic.read(TPR), 0U);
    nic.clock->pass(1ms);
    EXPECT_EQ(nic.read(RDH), 10U);
    EXPECT_EQ(nic.read(TPR), 10U);
}

TEST(E1000CardTest, a_capture_file_waits_until_the_driver_sets_link_up) {
    SlowCard nic(card_82540em, std::make_unique<TenFrames>(true));
    nic.start_receiver();
    nic.clock->pass(1s);
    EXPECT_EQ(nic.read(RDH), 0U);
    nic.write(CTRL, CTRL.SLU.mask());
    EXPECT_EQ(nic.read(RDH), 10U);
}

TEST(E1000CardTest, frames_from_others_are_lost_until_the_link_is_up) {
    SlowCard nic(card_82540em, std::make_unique<TenFrames>(false));
    nic.start_receiver();
    nic.write(CTRL, CTRL.SLU.mask());
    nic.clock->pass(1s);
    EXPECT_TRUE(nic.up());
    EXPECT_EQ(nic.read(TPR), 0U);
}

}  // namespace
}  // namespace ixy::sim::e1000
