// How an interrupt reaches its event file.
#include <sys/eventfd.h>

#include <gtest/gtest.h>

#include <ixy/core/files.hpp>

#include "tests/sim/card/test_model.hpp"

namespace ixy::sim::test {
namespace {

/// An event file that counts the writes since it was last read.
class EventFile {
public:
    int get() const { return file_.get(); }
    std::uint64_t count() const {
        eventfd_t value = 0;
        return ::eventfd_read(file_.get(), &value) == 0 ? value : 0;
    }

private:
    File file_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

class InterruptsTest : public testing::Test {
protected:
    InterruptsTest() { config.write(pci_config::command, 2, pci_config::command_bus_master); }
    void enable(std::uint8_t capability, std::uint32_t bits) {
        config.write(config.capability(capability) + 2, 2, bits);
        interrupts.update();
    }
    void enable_msi_x(std::uint32_t bits = 0x8000) { enable(pci_config::capability_msi_x, bits); }
    void mask_in_table(unsigned vector, bool masked) { interrupts.write_table(vector * 16 + 12, 4, masked ? 1 : 0); }
    bool is_pending(unsigned vector) const {
        return (interrupts.read_table(0x2000 + vector / 32 * 4, 4) >> vector % 32 & 1) != 0;
    }

    ConfigSpace config{express_type};
    Interrupts interrupts{express_type, config};
    EventFile file;
};

TEST_F(InterruptsTest, line_masks_itself_until_unmasked) {
    ASSERT_TRUE(interrupts.set_event_file(InterruptKind::legacy, 0, file.get()));
    interrupts.set_line(true);
    EXPECT_EQ(file.count(), 1U);
    interrupts.set_line(false);
    interrupts.set_line(true);
    EXPECT_EQ(file.count(), 0U) << "masked";
    ASSERT_TRUE(interrupts.mask(InterruptKind::legacy, 0, false));
    EXPECT_EQ(file.count(), 1U) << "still asserted";
    interrupts.set_line(false);
    ASSERT_TRUE(interrupts.mask(InterruptKind::legacy, 0, false));
    EXPECT_EQ(file.count(), 0U);
    interrupts.set_line(true);
    EXPECT_EQ(file.count(), 1U);
}

TEST_F(InterruptsTest, line_shows_in_the_status_register_even_when_masked) {
    ASSERT_TRUE(interrupts.mask(InterruptKind::legacy, 0, true));
    config.write(pci_config::command, 2, pci_config::command_no_intx);
    interrupts.set_line(true);
    EXPECT_EQ(config.read(pci_config::status, 2) & 8, 8U);
    interrupts.set_line(false);
    EXPECT_EQ(config.read(pci_config::status, 2) & 8, 0U);
}

TEST_F(InterruptsTest, line_can_be_disabled_in_the_command_register) {
    ASSERT_TRUE(interrupts.set_event_file(InterruptKind::legacy, 0, file.get()));
    config.write(pci_config::command, 2, pci_config::command_no_intx);
    interrupts.set_line(true);
    EXPECT_EQ(file.count(), 0U);
    config.write(pci_config::command, 2, 0);
    interrupts.update();
    EXPECT_EQ(file.count(), 1U);
}

TEST_F(InterruptsTest, line_is_silent_while_messages_are_enabled) {
    ASSERT_TRUE(interrupts.set_event_file(InterruptKind::legacy, 0, file.get()));
    enable_msi_x();
    interrupts.set_line(true);
    EXPECT_EQ(file.count(), 0U);
    enable_msi_x(0);
    EXPECT_EQ(file.count(), 1U);
}

TEST_F(InterruptsTest, a_late_listener_is_told_of_the_line) {
    interrupts.set_line(true);
    ASSERT_TRUE(interrupts.set_event_file(InterruptKind::legacy, 0, file.get()));
    EXPECT_EQ(file.count(), 1U);
    EventFile other;
    ASSERT_TRUE(interrupts.set_event_file(InterruptKind::legacy, 0, other.get()));
    EXPECT_EQ(other.count(), 1U);
    EXPECT_EQ(file.count(), 0U);
    ASSERT_TRUE(interrupts.set_event_file(InterruptKind::legacy, 0, -1));
    ASSERT_TRUE(interrupts.mask(InterruptKind::legacy, 0, false));
    EXPECT_EQ(other.count(), 0U);
}

TEST_F(InterruptsTest, msi_sends_one_message_for_each_rise) {
    ASSERT_TRUE(interrupts.set_event_file(InterruptKind::msi, 0, file.get()));
    interrupts.set_line(true);
    EXPECT_EQ(file.count(), 0U) << "not enabled";
    enable(pci_config::capability_msi, 1);
    EXPECT_EQ(file.count(), 1U) << "the line was up when MSI was enabled";
    interrupts.set_line(true);
    EXPECT_EQ(file.count(), 0U);
    for (int i = 0; i < 3; ++i) {
        interrupts.set_line(false);
        interrupts.set_line(true);
    }
    EXPECT_EQ(file.count(), 3U);
    ASSERT_TRUE(interrupts.mask(InterruptKind::msi, 0, true));
    interrupts.set_line(false);
    interrupts.set_line(true);
    interrupts.set_line(false);
    EXPECT_EQ(file.count(), 0U);
    ASSERT_TRUE(interrupts.mask(InterruptKind::msi, 0, false));
    EXPECT_EQ(file.count(), 1U) << "kept";
}

TEST_F(InterruptsTest, a_message_waits_until_bus_mastering_is_on) {
    config.write(pci_config::command, 2, 0);
    ASSERT_TRUE(interrupts.set_event_file(InterruptKind::msi, 0, file.get()));
    enable(pci_config::capability_msi, 1);
    interrupts.set_line(true);
    EXPECT_EQ(file.count(), 0U);
    config.write(pci_config::command, 2, pci_config::command_bus_master);
    interrupts.update();
    EXPECT_EQ(file.count(), 1U);

    EventFile other;
    enable(pci_config::capability_msi, 0);
    ASSERT_TRUE(interrupts.set_event_file(InterruptKind::msi_x, 2, other.get()));
    enable_msi_x();
    config.write(pci_config::command, 2, 0);
    interrupts.send_message(2);
    EXPECT_EQ(other.count(), 0U);
    EXPECT_TRUE(is_pending(2));
    config.write(pci_config::command, 2, pci_config::command_bus_master);
    interrupts.update();
    EXPECT_EQ(other.count(), 1U);
    EXPECT_FALSE(is_pending(2));
}

TEST_F(InterruptsTest, the_line_is_independent_of_bus_mastering) {
    config.write(pci_config::command, 2, 0);
    ASSERT_TRUE(interrupts.set_event_file(InterruptKind::legacy, 0, file.get()));
    interrupts.set_line(true);
    EXPECT_EQ(file.count(), 1U);
}

TEST_F(InterruptsTest, msi_forgets_a_line_that_fell_before_it_was_enabled) {
    ASSERT_TRUE(interrupts.set_event_file(InterruptKind::msi, 0, file.get()));
    interrupts.set_line(true);
    interrupts.set_line(false);
    enable(pci_config::capability_msi, 1);
    EXPECT_EQ(file.count(), 0U);
}

TEST_F(InterruptsTest, msi_x_goes_to_the_named_vector) {
    EventFile other;
    ASSERT_TRUE(interrupts.set_event_file(InterruptKind::msi_x, 0, file.get()));
    ASSERT_TRUE(interrupts.set_event_file(InterruptKind::msi_x, 39, other.get()));
    interrupts.send_message(0);
    EXPECT_EQ(file.count(), 0U) << "not enabled";
    enable_msi_x();
    EXPECT_EQ(file.count(), 0U) << "a message is not a level: sent while disabled, it is gone";
    interrupts.send_message(39);
    interrupts.send_message(39);
    EXPECT_EQ(other.count(), 2U);
    EXPECT_EQ(file.count(), 0U);
    interrupts.send_message(40);
    interrupts.send_message(~0U);
}

TEST_F(InterruptsTest, msi_x_waits_while_the_function_is_masked) {
    ASSERT_TRUE(interrupts.set_event_file(InterruptKind::msi_x, 5, file.get()));
    enable_msi_x(0xc000);
    interrupts.send_message(5);
    interrupts.send_message(5);
    EXPECT_EQ(file.count(), 0U);
    EXPECT_TRUE(is_pending(5));
    EXPECT_FALSE(is_pending(6));
    enable_msi_x(0x8000);
    EXPECT_EQ(file.count(), 1U);
    EXPECT_FALSE(is_pending(5));
}

TEST_F(InterruptsTest, msi_x_waits_while_its_vector_is_masked_in_the_table) {
    ASSERT_TRUE(interrupts.set_event_file(InterruptKind::msi_x, 33, file.get()));
    enable_msi_x();
    mask_in_table(33, true);
    interrupts.send_message(33);
    EXPECT_EQ(file.count(), 0U);
    EXPECT_TRUE(is_pending(33));
    mask_in_table(32, false);
    EXPECT_TRUE(is_pending(33));
    mask_in_table(33, false);
    EXPECT_FALSE(is_pending(33));
    EXPECT_EQ(file.count(), 1U);
}

TEST_F(InterruptsTest, an_unwritten_msi_x_table_counts_as_unmasked) {
    EXPECT_EQ(interrupts.read_table(12, 4), 1U) << "although the table says otherwise";
    ASSERT_TRUE(interrupts.set_event_file(InterruptKind::msi_x, 0, file.get()));
    enable_msi_x();
    interrupts.send_message(0);
    EXPECT_EQ(file.count(), 1U);
}

TEST_F(InterruptsTest, msi_x_waits_for_an_event_file_and_for_unmasking_by_hand) {
    enable_msi_x();
    interrupts.send_message(1);
    EXPECT_TRUE(is_pending(1));
    ASSERT_TRUE(interrupts.mask(InterruptKind::msi_x, 1, true));
    ASSERT_TRUE(interrupts.set_event_file(InterruptKind::msi_x, 1, file.get()));
    EXPECT_EQ(file.count(), 0U);
    ASSERT_TRUE(interrupts.mask(InterruptKind::msi_x, 1, false));
    EXPECT_EQ(file.count(), 1U);
}

TEST_F(InterruptsTest, the_table_keeps_what_is_written) {
    interrupts.write_table(16, 8, 0xfee0'1004'0000'0001);
    interrupts.write_table(24, 4, 0x41);
    interrupts.write_table(28, 4, ~0U);
    EXPECT_EQ(interrupts.read_table(16, 8), 0xfee0'1004'0000'0001U);
    EXPECT_EQ(interrupts.read_table(20, 4), 0xfee0'1004U);
    EXPECT_EQ(interrupts.read_table(22, 2), 0xfee0U);
    EXPECT_EQ(interrupts.read_table(24, 1), 0x41U);
    EXPECT_EQ(interrupts.read_table(28, 4), 1U) << "the other bits are reserved";
    interrupts.write_table(24, 2, 0x55);
    EXPECT_EQ(interrupts.read_table(24, 4), 0x41U) << "only whole words are written";
    for (const std::uint64_t beyond : {std::uint64_t{40 * 16}, std::uint64_t{0x2008}, std::uint64_t{0x3ff8}}) {
        interrupts.write_table(beyond, 8, ~std::uint64_t{0});
        EXPECT_EQ(interrupts.read_table(beyond, 8), 0U);
    }
}

TEST_F(InterruptsTest, reset_clears_tables_and_keeps_event_files) {
    ASSERT_TRUE(interrupts.set_event_file(InterruptKind::msi_x, 3, file.get()));
    enable_msi_x(0xc000);
    interrupts.send_message(3);
    interrupts.set_line(true);
    mask_in_table(3, false);
    config.reset();
    interrupts.reset();
    config.write(pci_config::command, 2, pci_config::command_bus_master);
    EXPECT_FALSE(is_pending(3));
    EXPECT_EQ(interrupts.read_table(3 * 16 + 12, 4), 1U);
    EXPECT_EQ(config.read(pci_config::status, 2) & 8, 0U);
    enable_msi_x();
    EXPECT_EQ(file.count(), 0U);
    interrupts.send_message(3);
    EXPECT_EQ(file.count(), 1U);
}

TEST_F(InterruptsTest, can_be_triggered_by_hand) {
    ASSERT_TRUE(interrupts.set_event_file(InterruptKind::msi_x, 7, file.get()));
    ASSERT_TRUE(interrupts.trigger(InterruptKind::msi_x, 7));
    EXPECT_EQ(file.count(), 1U);
    ASSERT_TRUE(interrupts.trigger(InterruptKind::legacy, 0)) << "without an event file, nobody receives it";
}

TEST_F(InterruptsTest, absent_vectors_are_an_error) {
    const std::pair<InterruptKind, unsigned> absent[] = {
        {InterruptKind::legacy, 1}, {InterruptKind::msi, 1}, {InterruptKind::msi_x, 40}};
    for (const auto& [kind, vector] : absent) {
        for (const auto& done : {interrupts.set_event_file(kind, vector, file.get()),
                                 interrupts.mask(kind, vector, true), interrupts.trigger(kind, vector)}) {
            ASSERT_FALSE(done);
            EXPECT_EQ(done.error().kind, ErrorKind::invalid_argument);
        }
    }
    Interrupts plain(plain_type, config);
    EXPECT_FALSE(plain.trigger(InterruptKind::msi_x, 0));
}

}  // namespace
}  // namespace ixy::sim::test
