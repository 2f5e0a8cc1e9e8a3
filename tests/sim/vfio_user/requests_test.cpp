// Malformed requests, and clients that disconnect in the middle of one.
#include <sys/socket.h>

#include <cerrno>

#include "bed.hpp"

namespace ixy::sim::vfio_user {
namespace {

class VfioUserRequests : public VfioUser {
protected:
    VfioUserRequests() { connect(); }
    void expect_still_served() {
        EXPECT_EQ(error_of(Command::device_get_info, join(DeviceInfo{.argsz = sizeof(DeviceInfo)})), 0);
    }
    void expect_new_client_served() {
        connect();
        expect_still_served();
    }
};

constexpr Header good_header{.id = 7, .command = Command::device_get_info, .size = 32, .flags = 0, .error = 0};

TEST_F(VfioUserRequests, a_size_smaller_than_a_header_ends_the_connection) {
    for (const std::uint32_t size : {0U, 1U, 15U}) {
        client_->send_bytes(join(Header{.id = 1, .command = Command::device_get_info, .size = size}));
        EXPECT_EQ(answer().error(), EINVAL);
        EXPECT_TRUE(answer().closed);
        expect_new_client_served();
    }
}

TEST_F(VfioUserRequests, a_size_beyond_the_longest_message_ends_the_connection) {
    for (const std::uint32_t size : {static_cast<std::uint32_t>(largest_message) + 1, 0x7fffffffU, 0xffffffffU}) {
        client_->send_bytes(join(Header{.id = 1, .command = Command::region_write, .size = size}));
        EXPECT_EQ(answer().error(), EINVAL);
        EXPECT_TRUE(answer().closed);
        expect_new_client_served();
    }
}

TEST_F(VfioUserRequests, an_unsolicited_answer_is_refused) {
    EXPECT_EQ(ask(Command::device_set_irqs, {}, {}, type_reply).error(), EINVAL);
    EXPECT_EQ(ask(Command::dma_read, Bytes(24), {}, type_reply).error(), EINVAL);
    EXPECT_EQ(ask(Command::device_get_info, join(DeviceInfo{.argsz = 16}), {}, 7).error(), EINVAL) << "type 7";
    expect_still_served();
}

TEST_F(VfioUserRequests, unknown_commands_are_refused) {
    for (const int number : {0, 14, 19, 999, 0xffff}) {
        EXPECT_EQ(error_of(static_cast<Command>(number), Bytes(1)), EINVAL) << number;
    }
    EXPECT_EQ(error_of(Command::dma_read, Bytes(16)), EINVAL) << "only the server sends that";
    EXPECT_EQ(error_of(Command::dma_write, Bytes(24)), EINVAL);
    expect_still_served();
}

TEST_F(VfioUserRequests, migration_commands_are_unsupported) {
    EXPECT_EQ(error_of(Command::device_feature, Bytes(8)), ENOTSUP);
    EXPECT_EQ(error_of(Command::migration_data_read, Bytes(8)), ENOTSUP);
    EXPECT_EQ(error_of(Command::migration_data_write, Bytes(8)), ENOTSUP);
    expect_still_served();
}

TEST_F(VfioUserRequests, every_command_survives_an_empty_or_random_payload) {
    std::uint32_t random = 1;
    for (std::uint16_t number = 2; number < 20; ++number) {
        for (const std::size_t length : {0U, 1U, 15U, 16U, 17U, 20U, 24U, 32U, 100U, 4096U}) {
            Bytes payload(length);
            for (std::byte& byte : payload)
                byte = static_cast<std::byte>((random = random * 1664525 + 1013904223) >> 24);
            EXPECT_NE(error_of(Command{number}, payload), -1);
        }
    }
    expect_still_served();
}

TEST_F(VfioUserRequests, unexpected_files_are_refused_and_closed) {
    const File file = make_event_file();
    const std::size_t before = open_files();
    EXPECT_EQ(error_of(Command::device_get_info, join(DeviceInfo{.argsz = 16}), {file.get(), file.get()}), EINVAL);
    EXPECT_EQ(error_of(Command::region_read, join(RegionAccess{.offset = 0, .region = 7, .count = 4}), {file.get()}),
              EINVAL);
    EXPECT_EQ(error_of(Command::device_reset, {}, {file.get()}), EINVAL);
    EXPECT_EQ(open_files(), before);
    expect_still_served();
}

TEST_F(VfioUserRequests, more_files_than_negotiated_end_the_connection) {
    const File file = make_event_file();
    const std::size_t before = open_files();
    client_->send(Command::device_set_irqs, Bytes(20), std::vector<int>(most_files + 1, file.get()));
    EXPECT_TRUE(answer().closed);
    EXPECT_EQ(open_files(), before - 1) << "all that is missing is the server's end of the connection";
    expect_new_client_served();
}

TEST_F(VfioUserRequests, files_belong_to_the_message_they_came_with) {
    const File first = make_event_file(), second = make_event_file();
    const IrqSet set{.argsz = 20, .flags = data_eventfd | action_trigger, .index = irq_msi_x, .start = 0, .count = 1};
    const DeviceInfo info{.argsz = sizeof(DeviceInfo)};
    // All in the socket before the server reads: with, without, with a file.
    client_->send(Command::device_get_info, join(info));
    client_->send(Command::device_set_irqs, join(set), {first.get()});
    client_->send(Command::device_get_info, join(info));
    client_->send(Command::device_set_irqs, join(set), {second.get()});
    client_->send(Command::device_get_info, join(info));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(answer().error(), 0) << i;
    ASSERT_EQ(
        error_of(
            Command::device_set_irqs,
            join(IrqSet{.argsz = 20, .flags = data_none | action_trigger, .index = irq_msi_x, .start = 0, .count = 1})),
        0);
    EXPECT_EQ(signals(first), 0U);
    EXPECT_EQ(signals(second), 1U);
}

TEST_F(VfioUserRequests, a_message_may_arrive_byte_by_byte) {
    const Bytes message = join(good_header, DeviceInfo{.argsz = sizeof(DeviceInfo)});
    for (const std::byte& byte : message) {
        EXPECT_FALSE(client_->receive());
        ASSERT_TRUE(client_->send_bytes({&byte, 1}));
        settle();
    }
    EXPECT_EQ(answer().header.id, 7);
}

TEST_F(VfioUserRequests, many_messages_may_arrive_at_once) {
    Bytes all;
    for (int i = 0; i < 200; ++i) {
        const Bytes message = join(good_header, DeviceInfo{.argsz = sizeof(DeviceInfo)});
        all.insert(all.end(), message.begin(), message.end());
    }
    ASSERT_TRUE(client_->send_bytes(all));
    for (int i = 0; i < 200; ++i) EXPECT_EQ(answer().error(), 0);
}

TEST_F(VfioUserRequests, a_client_may_disconnect_after_any_byte) {
    const File event = make_event_file();
    const IrqSet set{.argsz = 20, .flags = data_eventfd | action_trigger, .index = irq_msi_x, .start = 0, .count = 1};
    const Bytes message = join(Header{.id = 1, .command = Command::device_set_irqs, .size = 36}, set);
    client_.reset();
    settle();
    const std::size_t before = open_files();
    for (std::size_t length = 1; length <= message.size(); ++length) {
        connect();
        ASSERT_TRUE(client_->send_bytes(std::span(message).first(length), {event.get()}));
        if (length % 2 == 0) settle();  // sometimes the server has seen it before the client leaves
        client_.reset();
        settle();
        EXPECT_FALSE(server_->has_client());
        ASSERT_EQ(open_files(), before) << length;
    }
    expect_new_client_served();
}

TEST_F(VfioUserRequests, a_client_leaving_before_its_answer_does_no_harm) {
    for (int i = 0; i < 20; ++i) {
        client_->send(Command::region_read, join(RegionAccess{.offset = 0, .region = 7, .count = 256}));
        connect();
    }
    expect_still_served();
}

TEST_F(VfioUserRequests, a_client_that_does_not_read_its_answers_is_no_longer_served) {
    // More large answers than the socket holds: the server keeps one and accepts no more requests.
    int sent = 0;
    while (sent < 100'000 && client_->send(Command::region_read,
                                           join(RegionAccess{.offset = 0, .region = region_config, .count = 4096}))) {
        if (++sent % 50 == 0) settle();
    }
    EXPECT_LT(sent, 100'000) << "the socket never filled up";
    settle();
    for (int i = 0; i < sent; ++i) ASSERT_EQ(answer().payload.size(), sizeof(RegionAccess) + 4096);
}

TEST_F(VfioUserRequests, the_longest_message_is_accepted) {
    const RegionAccess access{.offset = 0, .region = 0, .count = largest_transfer};
    const Bytes payload = join(access, Bytes(largest_transfer));
    const Header header{
        .id = 9, .command = Command::region_write, .size = static_cast<std::uint32_t>(sizeof(Header) + payload.size())};
    const Bytes message = join(header, payload);
    for (std::size_t done = 0; done < message.size();) {
        const std::size_t part = std::min<std::size_t>(message.size() - done, 16384);
        ASSERT_TRUE(client_->send_bytes(std::span(message).subspan(done, part)));
        done += part;
        settle();
    }
    EXPECT_EQ(answer().error(), EINVAL) << "the region is smaller";
    expect_still_served();
}

}  // namespace
}  // namespace ixy::sim::vfio_user
