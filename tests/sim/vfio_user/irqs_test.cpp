// Interrupts: which requests are valid, and where the card's interrupts go.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

#include "bed.hpp"

namespace ixy::sim::vfio_user {
namespace {

class VfioUserIrqs : public VfioUser {
protected:
    VfioUserIrqs() {
        connect();
        enable_card();
    }
    int set(std::uint32_t flags, std::uint32_t index, std::uint32_t start, std::uint32_t count,
            const std::vector<int>& files = {}, const Bytes& data = {}) {
        const auto size = static_cast<std::uint32_t>(sizeof(IrqSet) + data.size());
        const IrqSet request{.argsz = size, .flags = flags, .index = index, .start = start, .count = count};
        return error_of(Command::device_set_irqs, join(request, data), files);
    }
    std::uint32_t capability(std::uint8_t id) {
        auto at = static_cast<std::uint32_t>(read(region_config, pci_config::capabilities, 1));
        while (at != 0 && read(region_config, at, 1) != id) {
            at = static_cast<std::uint32_t>(read(region_config, at + 1, 1));
        }
        EXPECT_NE(at, 0U);
        return at;
    }
    void enable_msi() { write(region_config, capability(pci_config::capability_msi) + 2, 2, 1); }
    void enable_msi_x() { write(region_config, capability(pci_config::capability_msi_x) + 2, 2, 1 << 15); }

    File event_ = make_event_file(), other_ = make_event_file();
};

constexpr auto assign = data_eventfd | action_trigger;

TEST_F(VfioUserIrqs, malformed_requests_are_refused) {
    EXPECT_EQ(error_of(Command::device_set_irqs, {}), EINVAL);
    EXPECT_EQ(error_of(Command::device_set_irqs, Bytes(8)), EINVAL);
    EXPECT_EQ(error_of(Command::device_set_irqs, join(IrqSet{.argsz = 3, .flags = data_none | action_trigger})),
              EINVAL);
    EXPECT_EQ(set(data_none | action_trigger, irq_count, 0, 0), EINVAL) << "no such kind";
    EXPECT_EQ(set(data_none | action_mask | action_unmask, irq_intx, 0, 1), EINVAL) << "two actions";
    EXPECT_EQ(set(data_none, irq_intx, 0, 1), EINVAL) << "no action";
    EXPECT_EQ(set(data_none | data_bool | action_mask, irq_intx, 0, 1), EINVAL) << "two kinds of data";
    EXPECT_EQ(set(action_mask, irq_intx, 0, 1), EINVAL) << "no kind of data";
    EXPECT_EQ(set(data_none | action_trigger | 1 << 6, irq_intx, 0, 1), EINVAL) << "an unknown flag";
}

TEST_F(VfioUserIrqs, ranges_beyond_the_cards_vectors_are_refused) {
    EXPECT_EQ(set(data_none | action_trigger, irq_msi_x, 3, 2), EINVAL);
    EXPECT_EQ(set(data_none | action_trigger, irq_msi_x, 5, 1), EINVAL);
    EXPECT_EQ(set(data_none | action_trigger, irq_msi_x, ~0U, 2), EINVAL);
    EXPECT_EQ(set(data_none | action_trigger, irq_msi_x, 1, ~0U), EINVAL);
    EXPECT_EQ(set(data_none | action_trigger, irq_error, 0, 2), EINVAL);
    EXPECT_EQ(set(data_none | action_trigger, irq_request, 0, 1), EINVAL);
    EXPECT_EQ(set(data_none | action_trigger, irq_msi_x, 1, 0), EINVAL) << "a start without a count";
    EXPECT_EQ(set(data_none | action_mask, irq_intx, 0, 0), EINVAL) << "count 0 is only for disabling";
    EXPECT_EQ(set(data_bool | action_trigger, irq_msi_x, 0, 0), EINVAL);
}

TEST_F(VfioUserIrqs, only_the_legacy_interrupt_can_be_masked) {
    EXPECT_EQ(set(data_none | action_mask, irq_error, 0, 1), EINVAL);
    EXPECT_EQ(set(data_none | action_mask, irq_msi, 0, 1), EINVAL);
    EXPECT_EQ(set(data_none | action_unmask, irq_msi_x, 0, 1), EINVAL);
    EXPECT_EQ(set(data_eventfd | action_mask, irq_intx, 0, 1, {event_.get()}), EINVAL) << "masking by a file";
    EXPECT_EQ(set(data_none | action_mask, irq_intx, 0, 1), 0);
    EXPECT_EQ(set(data_bool | action_unmask, irq_intx, 0, 1, {}, Bytes(1, std::byte{1})), 0);
}

TEST_F(VfioUserIrqs, files_and_data_must_match_the_count) {
    const Bytes one(1), two(2), three(3);
    EXPECT_EQ(set(data_bool | action_trigger, irq_msi_x, 0, 1, {event_.get()}, one), EINVAL);
    EXPECT_EQ(set(data_none | action_trigger, irq_msi_x, 0, 1, {event_.get()}), EINVAL);
    EXPECT_EQ(set(assign, irq_msi_x, 0, 2, {event_.get()}), EINVAL);
    EXPECT_EQ(set(assign, irq_msi_x, 0, 1, {event_.get(), other_.get()}), EINVAL);
    EXPECT_EQ(set(data_bool | action_trigger, irq_msi_x, 0, 2, {}, one), EINVAL);
    EXPECT_EQ(set(data_bool | action_trigger, irq_msi_x, 0, 2, {}, three), EINVAL);
    EXPECT_EQ(set(data_none | action_trigger, irq_msi_x, 0, 1, {}, one), EINVAL);
    EXPECT_EQ(set(assign, irq_msi_x, 0, 2, {event_.get(), other_.get()}), 0);
    EXPECT_EQ(set(data_bool | action_trigger, irq_msi_x, 0, 2, {}, two), 0);
}

TEST_F(VfioUserIrqs, files_of_refused_requests_are_closed) {
    const std::size_t before = open_files();
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(set(data_bool | action_trigger, irq_msi_x, 0, 1, {event_.get(), other_.get()}), EINVAL);
        EXPECT_EQ(set(assign, irq_intx, 0, 1, {event_.get(), other_.get()}), EINVAL);
    }
    EXPECT_EQ(open_files(), before);
}

TEST_F(VfioUserIrqs, only_event_files_are_accepted) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    const File reader(pipe[0]), writer(pipe[1]);
    EXPECT_EQ(set(assign, irq_intx, 0, 1, {writer.get()}), EINVAL);
    EXPECT_EQ(set(assign, irq_msi_x, 0, 2, {event_.get(), writer.get()}), EINVAL);
}

TEST_F(VfioUserIrqs, the_legacy_interrupt_goes_to_its_file_and_masks_itself) {
    ASSERT_EQ(set(assign, irq_intx, 0, 1, {event_.get()}), 0);
    write_bar(ProbeModel::interrupt_line, 1);
    EXPECT_EQ(signals(event_), 1U);
    write_bar(ProbeModel::interrupt_line, 0);
    write_bar(ProbeModel::interrupt_line, 1);
    EXPECT_EQ(signals(event_), 0U) << "masked since it fired";
    ASSERT_EQ(set(data_none | action_unmask, irq_intx, 0, 1), 0);
    EXPECT_EQ(signals(event_), 1U) << "the line is still asserted";
    write_bar(ProbeModel::interrupt_line, 0);
    ASSERT_EQ(set(data_none | action_unmask, irq_intx, 0, 1), 0);
    EXPECT_EQ(signals(event_), 0U);
}

TEST_F(VfioUserIrqs, a_masked_legacy_interrupt_waits) {
    ASSERT_EQ(set(assign, irq_intx, 0, 1, {event_.get()}), 0);
    ASSERT_EQ(set(data_none | action_mask, irq_intx, 0, 1), 0);
    write_bar(ProbeModel::interrupt_line, 1);
    EXPECT_EQ(signals(event_), 0U);
    ASSERT_EQ(set(data_bool | action_unmask, irq_intx, 0, 1, {}, Bytes(1)), 0);
    EXPECT_EQ(signals(event_), 0U) << "a false value requests nothing";
    ASSERT_EQ(set(data_bool | action_unmask, irq_intx, 0, 1, {}, Bytes(1, std::byte{1})), 0);
    EXPECT_EQ(signals(event_), 1U);
}

TEST_F(VfioUserIrqs, the_client_may_unmask_through_a_file) {
    ASSERT_EQ(set(assign, irq_intx, 0, 1, {event_.get()}), 0);
    ASSERT_EQ(set(data_eventfd | action_unmask, irq_intx, 0, 1, {other_.get()}), 0);
    write_bar(ProbeModel::interrupt_line, 1);
    EXPECT_EQ(signals(event_), 1U);
    ASSERT_EQ(::eventfd_write(other_.get(), 1), 0);
    settle();
    EXPECT_EQ(signals(event_), 1U) << "still asserted";
    ASSERT_EQ(set(data_eventfd | action_unmask, irq_intx, 0, 1), 0);  // withdraws the file
    ASSERT_EQ(::eventfd_write(other_.get(), 1), 0);
    settle();
    EXPECT_EQ(signals(event_), 0U);
    EXPECT_EQ(signals(other_), 1U) << "it has not been read";
}

TEST_F(VfioUserIrqs, an_msi_goes_to_its_file) {
    ASSERT_EQ(set(assign, irq_msi, 0, 1, {event_.get()}), 0);
    enable_msi();
    write_bar(ProbeModel::interrupt_line, 1);
    EXPECT_EQ(signals(event_), 1U);
    write_bar(ProbeModel::interrupt_line, 0);
    write_bar(ProbeModel::interrupt_line, 1);
    EXPECT_EQ(signals(event_), 1U);
}

TEST_F(VfioUserIrqs, each_msi_x_vector_goes_to_its_own_file) {
    enable_msi_x();
    ASSERT_EQ(set(assign, irq_msi_x, 1, 2, {event_.get(), other_.get()}), 0);
    write_bar(ProbeModel::message, 1);
    EXPECT_EQ(signals(event_), 1U);
    EXPECT_EQ(signals(other_), 0U);
    write_bar(ProbeModel::message, 2);
    write_bar(ProbeModel::message, 2);
    EXPECT_EQ(signals(event_), 0U);
    EXPECT_EQ(signals(other_), 2U);
    write_bar(ProbeModel::message, 0);  // nobody listens
    EXPECT_EQ(signals(event_) + signals(other_), 0U);
}

TEST_F(VfioUserIrqs, an_msi_x_vector_without_a_file_is_pending_until_it_has_one) {
    enable_msi_x();
    ASSERT_EQ(set(assign, irq_msi_x, 0, 4, {event_.get(), event_.get(), event_.get(), event_.get()}), 0);
    ASSERT_EQ(set(assign, irq_msi_x, 2, 1), 0);  // de-assigned, as the guest masks it
    write_bar(ProbeModel::message, 2);
    EXPECT_EQ(signals(event_), 0U);
    EXPECT_EQ(read(3, probe_card.msi_x_pending, 8), 4U) << "the pending bits belong to the card";
    ASSERT_EQ(set(assign, irq_msi_x, 2, 1, {other_.get()}), 0);
    EXPECT_EQ(signals(other_), 1U);
    EXPECT_EQ(read(3, probe_card.msi_x_pending, 8), 0U);
}

TEST_F(VfioUserIrqs, a_kind_is_disabled_as_a_whole) {
    enable_msi_x();
    ASSERT_EQ(set(assign, irq_msi_x, 0, 2, {event_.get(), other_.get()}), 0);
    const std::size_t before = open_files();
    ASSERT_EQ(set(data_none | action_trigger, irq_msi_x, 0, 0), 0);
    EXPECT_EQ(open_files(), before - 2);
    write_bar(ProbeModel::message, 0);
    write_bar(ProbeModel::message, 1);
    EXPECT_EQ(signals(event_) + signals(other_), 0U);
    for (std::uint32_t index = 0; index < irq_count; ++index) {
        EXPECT_EQ(set(data_none | action_trigger, index, 0, 0), 0) << "even where nothing is enabled: " << index;
    }
}

TEST_F(VfioUserIrqs, the_client_may_trigger_them_itself) {
    enable_msi_x();
    ASSERT_EQ(set(assign, irq_msi_x, 0, 2, {event_.get(), other_.get()}), 0);
    ASSERT_EQ(set(data_none | action_trigger, irq_msi_x, 1, 1), 0);
    EXPECT_EQ(signals(event_), 0U);
    EXPECT_EQ(signals(other_), 1U);
    ASSERT_EQ(set(data_bool | action_trigger, irq_msi_x, 0, 2, {}, {std::byte{1}, std::byte{0}}), 0);
    EXPECT_EQ(signals(event_), 1U);
    EXPECT_EQ(signals(other_), 0U);
    ASSERT_EQ(set(assign, irq_intx, 0, 1, {event_.get()}), 0);
    ASSERT_EQ(set(data_none | action_trigger, irq_intx, 0, 1), 0);
    EXPECT_EQ(signals(event_), 1U);
}

TEST_F(VfioUserIrqs, a_file_is_replaced_by_the_next_one) {
    ASSERT_EQ(set(assign, irq_msi_x, 0, 1, {event_.get()}), 0);
    const std::size_t before = open_files();
    enable_msi_x();
    ASSERT_EQ(set(assign, irq_msi_x, 0, 1, {other_.get()}), 0);
    EXPECT_EQ(open_files(), before);
    write_bar(ProbeModel::message, 0);
    EXPECT_EQ(signals(event_), 0U);
    EXPECT_EQ(signals(other_), 1U);
}

TEST_F(VfioUserIrqs, bus_error_interrupts_may_be_requested_but_never_fire) {
    ASSERT_EQ(set(assign, irq_error, 0, 1, {event_.get()}), 0);
    ASSERT_EQ(set(data_none | action_trigger, irq_error, 0, 1), 0);
    ASSERT_EQ(set(assign, irq_error, 0, 1), 0);
    EXPECT_EQ(signals(event_), 0U);
}

TEST_F(VfioUserIrqs, a_client_whose_event_file_is_full_does_not_hold_the_server_up) {
    const File blocking = make_event_file(true);
    ASSERT_EQ(::eventfd_write(blocking.get(), ~0ULL - 1), 0);
    ASSERT_EQ(set(assign, irq_msi, 0, 1, {blocking.get()}), 0);
    enable_msi();
    write_bar(ProbeModel::interrupt_line, 1);
    EXPECT_EQ(read_bar(ProbeModel::interrupt_line), 1U);
}

TEST_F(VfioUserIrqs, a_client_that_makes_its_event_files_block_does_not_hold_the_server_up) {
    ASSERT_EQ(set(assign, irq_msi, 0, 1, {event_.get()}), 0);
    ASSERT_EQ(set(assign, irq_intx, 0, 1, {other_.get()}), 0);
    for (const File* const file : {&event_, &other_}) {
        ASSERT_EQ(::fcntl(file->get(), F_SETFL, 0), 0);
        ASSERT_EQ(::eventfd_write(file->get(), ~0ULL - 1), 0);
    }
    ASSERT_EQ(set(data_none | action_trigger, irq_msi, 0, 1), 0);
    ASSERT_EQ(set(data_none | action_trigger, irq_intx, 0, 1), 0);
    EXPECT_GE(signals(event_), ~0ULL - 1);
    ASSERT_EQ(set(data_none | action_trigger, irq_msi, 0, 1), 0);
    EXPECT_EQ(signals(event_), 1U) << "and it is signalled again";
}

TEST_F(VfioUserIrqs, a_blocking_unmask_file_read_by_another_does_not_hold_the_server_up) {
    InterruptFiles interrupts(*card_);
    Message request;
    const IrqSet unmask{
        .argsz = sizeof(IrqSet), .flags = data_eventfd | action_unmask, .index = irq_intx, .start = 0, .count = 1};
    request.payload = join(unmask);
    request.files.emplace_back(make_event_file(true));
    ASSERT_TRUE(interrupts.set(request));
    interrupts.unmask();
}

TEST_F(VfioUserIrqs, event_files_of_a_client_go_with_it) {
    ASSERT_EQ(set(assign, irq_intx, 0, 1, {event_.get()}), 0);
    ASSERT_EQ(set(data_none | action_mask, irq_intx, 0, 1), 0);
    connect();
    enable_card();
    write_bar(ProbeModel::interrupt_line, 1);
    EXPECT_EQ(signals(event_), 0U);
    ASSERT_EQ(set(assign, irq_intx, 0, 1, {other_.get()}), 0);
    write_bar(ProbeModel::interrupt_line, 0);
    write_bar(ProbeModel::interrupt_line, 1);
    EXPECT_EQ(signals(other_), 1U) << "no longer masked";
}

}  // namespace
}  // namespace ixy::sim::vfio_user
