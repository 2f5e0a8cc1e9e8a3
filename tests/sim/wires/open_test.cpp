// Valid and invalid names of wires.
#include <sys/stat.h>
#include <unistd.h>

#include <limits>

#include "wires.hpp"

namespace ixy::sim::test {
namespace {

TEST(OpenWire, malformed_names_are_refused) {
    const std::string long_name(200, 'x');
    for (const std::string& spec : std::vector<std::string>{
             "tap:", "tap:name-of-more-than-15", "tap:a/b", "tap:ixy%d", "pcap:", "pcap::", "pcap:a:b:c", "vlan:a",
             "loop:a", ":a", "/a:", ":/a", "/a:/b:/c", "/a:/a", "/tmp/" + long_name, "/tmp/a:/tmp/" + long_name}) {
        EXPECT_EQ(kind_of_failure(spec), ErrorKind::invalid_argument) << spec;
    }
}

TEST(OpenWire, names_that_only_start_like_a_kind_are_cables) {
    for (const char* spec : {"pcaps", "loops", "tap0"}) {
        const auto one = open(spec);
        const auto other = open(spec);
        send_numbers(*one, 0, 1);
        EXPECT_EQ(numbers_at(*other).size(), 1U) << spec;
    }
}

TEST(OpenWire, kinds_without_their_required_argument_are_refused) {
    for (const char* spec : {"tap", "tap:", "pcap", "pcap:", "pcap::"}) {
        EXPECT_EQ(kind_of_failure(spec), ErrorKind::invalid_argument) << spec;
    }
}

TEST(OpenWire, impairments_out_of_range_are_refused) {
    for (const Impairments& impairments :
         {Impairments{.loss = 1.01}, Impairments{.loss = -0.1}, Impairments{.reorder = 2},
          Impairments{.corruption = -1}, Impairments{.loss = std::numeric_limits<double>::quiet_NaN()},
          Impairments{.bits_per_second = -1}, Impairments{.bits_per_second = 0.5},
          Impairments{.bits_per_second = std::numeric_limits<double>::infinity()}, Impairments{.delay = -1ns}}) {
        EXPECT_EQ(kind_of_failure("loop", impairments), ErrorKind::invalid_argument);
    }
}

TEST(OpenWire, impairments_do_not_hide_why_a_wire_failed_to_open) {
    EXPECT_EQ(kind_of_failure("vlan:a", {.loss = 0.5}), ErrorKind::invalid_argument);
}

TEST(OpenWire, missing_folder_is_reported) {
    const Folder folder;
    EXPECT_EQ(kind_of_failure(folder.path("none/wire")), ErrorKind::not_found);
    EXPECT_EQ(kind_of_failure(folder.path("none/a") + ":" + folder.path("b")), ErrorKind::not_found);
    EXPECT_EQ(kind_of_failure("pcap:" + folder.path("none.pcap")), ErrorKind::not_found);
    EXPECT_EQ(kind_of_failure("pcap::" + folder.path("none/out.pcap")), ErrorKind::not_found);
}

TEST(OpenWire, never_takes_over_a_path_of_something_else) {
    const Folder folder;
    folder.write("document", "do not touch");
    folder.write("folder/file", "");
    ASSERT_EQ(::mkfifo(folder.path("fifo").c_str(), 0600), 0);
    ASSERT_EQ(::symlink(folder.path("document").c_str(), folder.path("link").c_str()), 0);
    for (const char* name : {"document", "folder", "fifo", "link"}) {
        EXPECT_EQ(kind_of_failure(folder.path(name)), ErrorKind::invalid_argument) << name;
        EXPECT_EQ(kind_of_failure(folder.path(name) + ":" + folder.path("other")), ErrorKind::invalid_argument) << name;
    }
    EXPECT_EQ(folder.read("document"), "do not touch");
}

}  // namespace
}  // namespace ixy::sim::test
