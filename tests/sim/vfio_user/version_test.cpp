// The first message: versions and capabilities.
#include <cerrno>

#include <nlohmann/json.hpp>

#include "bed.hpp"

namespace ixy::sim::vfio_user {
namespace {

class VfioUserVersion : public VfioUser {
protected:
    /// The server's answer to a proposal, each time from a new client.
    Answer propose(const Bytes& proposal, const std::vector<int>& files = {}) {
        client_.reset();
        settle();
        client_ = std::make_unique<Client>(path_);
        return ask(Command::version, proposal, files);
    }
    Answer propose(std::string_view json) { return propose(join(Version{}, json, '\0')); }
    /// Expects a refusal, then a closed connection.
    void expect_refused(const Answer& got) {
        EXPECT_EQ(got.error(), EINVAL);
        EXPECT_TRUE(answer().closed);
        EXPECT_FALSE(server_->has_client());
    }
    nlohmann::json json_of(const Answer& got) {
        const std::string text(reinterpret_cast<const char*>(got.payload.data()) + sizeof(Version),
                               got.payload.size() - sizeof(Version));
        EXPECT_TRUE(text.ends_with('\0'));
        return nlohmann::json::parse(text.substr(0, text.find('\0')), nullptr, false);
    }
};

/// Exactly as QEMU 11.1.3 sends it, spaces included.
constexpr std::string_view qemus_proposal =
    R"({"capabilities": {"pgsizes": 4096, "max_msg_fds": 16, "max_dma_maps": 65535, "max_data_xfer_size": 1048576, )"
    R"("migration": {"max_bitmap_size": 268435456, "pgsize": 4096}, "write_multiple": true}})";

TEST_F(VfioUserVersion, qemu_gets_the_common_capabilities_in_no_more_bytes_than_it_sent) {
    const Answer got = propose(qemus_proposal);
    ASSERT_EQ(got.error(), 0);
    EXPECT_EQ(got.as<Version>().major, 0);
    EXPECT_EQ(got.as<Version>().minor, 0);
    EXPECT_LE(got.header.size, 214U);
    const auto capabilities = json_of(got)["capabilities"];
    EXPECT_EQ(capabilities["max_msg_fds"], 16);
    EXPECT_EQ(capabilities["max_data_xfer_size"], 1048576);
    EXPECT_EQ(capabilities["max_dma_maps"], most_dma_maps);
    EXPECT_EQ(capabilities["pgsizes"], 4096);
    EXPECT_EQ(capabilities["write_multiple"], true);
    EXPECT_FALSE(capabilities.contains("migration"));
}

TEST_F(VfioUserVersion, a_proposal_without_json_gets_an_answer_without_json) {
    const Answer got = propose(join(Version{}));
    ASSERT_EQ(got.error(), 0);
    EXPECT_EQ(got.payload.size(), sizeof(Version));
}

TEST_F(VfioUserVersion, only_what_was_proposed_is_in_the_answer) {
    const Answer got = propose(R"({"capabilities": {"max_dma_maps": 10, "colour": "blue"}})");
    ASSERT_EQ(got.error(), 0);
    EXPECT_EQ(json_of(got)["capabilities"], nlohmann::json({{"max_dma_maps", most_dma_maps}}));
    EXPECT_EQ(propose("{}").error(), 0);
    EXPECT_EQ(propose(R"({"capabilities":{}})").error(), 0);
}

TEST_F(VfioUserVersion, an_answer_that_would_be_longer_omits_the_capabilities) {
    const Answer got = propose(R"({"capabilities":{"max_dma_maps":1}})");
    ASSERT_EQ(got.error(), 0);
    EXPECT_EQ(got.payload.size(), sizeof(Version));
}

TEST_F(VfioUserVersion, a_later_minor_version_is_answered_with_ours) {
    const Answer got = propose(join(Version{.major = 0, .minor = 7}, qemus_proposal, '\0'));
    ASSERT_EQ(got.error(), 0);
    EXPECT_EQ(got.as<Version>().minor, 0);
}

TEST_F(VfioUserVersion, another_major_version_is_refused) {
    expect_refused(propose(join(Version{.major = 1, .minor = 0})));
    expect_refused(propose(join(Version{.major = 999, .minor = 0}, qemus_proposal, '\0')));
}

TEST_F(VfioUserVersion, a_proposal_too_short_for_a_version_is_refused) {
    expect_refused(propose(Bytes{}));
    expect_refused(propose(Bytes(3)));
}

TEST_F(VfioUserVersion, json_without_nul_is_refused) {
    expect_refused(propose(join(Version{}, std::string_view("{}"))));
}

TEST_F(VfioUserVersion, text_that_is_not_json_is_refused) {
    for (const char* text : {"{", "\"", "}", "[", "", "nonsense", "{\"capabilities\": {}", "\xff\xfe"}) {
        SCOPED_TRACE(text);
        expect_refused(propose(text));
    }
    expect_refused(propose(std::string(100'000, '[')));
}

TEST_F(VfioUserVersion, json_of_wrong_types_is_refused) {
    for (const char* text :
         {"[]", "3", "null", R"({"capabilities": "23"})", R"({"capabilities": []})",
          R"({"capabilities": {"max_msg_fds": "foo"}})", R"({"capabilities": {"max_msg_fds": -1}})",
          R"({"capabilities": {"max_msg_fds": 1.5}})", R"({"capabilities": {"max_data_xfer_size": null}})",
          R"({"capabilities": {"max_dma_maps": {}}})", R"({"capabilities": {"pgsizes": 12}})",
          R"({"capabilities": {"pgsizes": "4096"}})", R"({"capabilities": {"migration": "23"}})",
          R"({"capabilities": {"twin_socket": true}})", R"({"capabilities": {"write_multiple": 1}})"}) {
        SCOPED_TRACE(text);
        expect_refused(propose(text));
    }
}

TEST_F(VfioUserVersion, deeply_nested_json_is_refused_without_a_crash) {
    const auto nested = [](std::size_t depth, char open, char close) {
        const std::string begin = open == '[' ? "[" : "{\"a\":";
        std::string text = R"({"capabilities": {"colour": )";
        for (std::size_t i = 0; i < depth; ++i) text += begin;
        return text + (open == '[' ? "" : "1") + std::string(depth, close) + "}}";
    };
    EXPECT_EQ(propose(nested(10, '[', ']')).error(), 0) << "unknown capabilities may have any value";
    expect_refused(propose(nested(100'000, '[', ']')));
    expect_refused(propose(nested(20'000, '{', '}')));
}

TEST_F(VfioUserVersion, any_command_before_it_is_refused) {
    client_ = std::make_unique<Client>(path_);
    expect_refused(ask(Command::device_get_info, join(DeviceInfo{.argsz = sizeof(DeviceInfo)})));
    client_ = std::make_unique<Client>(path_);
    expect_refused(ask(Command{999}, join(Version{})));
    client_ = std::make_unique<Client>(path_);
    expect_refused(ask(Command::device_reset, {}));
    EXPECT_TRUE(probe->resets.empty() || probe->resets.back() == ResetKind::power_on);
}

TEST_F(VfioUserVersion, files_with_it_are_refused_and_closed) {
    const File file = make_event_file();
    const std::size_t before = open_files();
    expect_refused(propose(join(Version{}), {file.get(), file.get()}));
    client_.reset();
    settle();
    EXPECT_EQ(open_files(), before);
}

TEST_F(VfioUserVersion, a_second_one_is_refused_and_the_session_continues) {
    ASSERT_EQ(propose(qemus_proposal).error(), 0);
    EXPECT_EQ(error_of(Command::version, join(Version{}, qemus_proposal, '\0')), EINVAL);
    EXPECT_EQ(error_of(Command::device_get_info, join(DeviceInfo{.argsz = sizeof(DeviceInfo)})), 0);
}

}  // namespace
}  // namespace ixy::sim::vfio_user
