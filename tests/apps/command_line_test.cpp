// The command lines of ixy-pktgen, ixy-fwd and ixy-pcap: what is refused, how, and with which exit status.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <thread>

#include <ixy/core/cpu.hpp>

#include "tests/apps/program.hpp"

#include <ixy/nic/device.hpp>
#include <ixy/nic/drivers.hpp>

namespace ixy::test {
namespace {

using Words = std::vector<std::string>;

/// Runs the program to its end and expects this exit status, and this text in its errors.
void expect_failure(const std::string& name, const Words& words, int status, const std::string& message) {
    Program program(name, words);
    EXPECT_EQ(program.wait(), status) << program.errors();
    EXPECT_NE(program.errors().find(message), std::string::npos) << program.errors();
    EXPECT_TRUE(program.errors().starts_with(name + ": ")) << program.errors();
    EXPECT_EQ(program.output(), "");
}

class EveryProgram : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Programs, EveryProgram, testing::Values("ixy-pktgen", "ixy-fwd", "ixy-pcap"),
                         [](const auto& program) { return program.param.substr(4); });

TEST_P(EveryProgram, help_goes_to_standard_output_and_is_success) {
    Program program(GetParam(), {"--help"});
    EXPECT_EQ(program.wait(), 0);
    EXPECT_NE(program.output().find("Usage: " + GetParam()), std::string::npos) << program.output();
    EXPECT_NE(program.output().find("--json"), std::string::npos);
    EXPECT_EQ(program.errors(), "");
}

TEST_P(EveryProgram, version_names_the_program) {
    Program program(GetParam(), {"--version"});
    EXPECT_EQ(program.wait(), 0);
    EXPECT_TRUE(program.output().starts_with(GetParam() + " ")) << program.output();
}

TEST_P(EveryProgram, missing_arguments_are_a_usage_error) { expect_failure(GetParam(), {}, 2, "is required"); }

TEST_P(EveryProgram, unknown_options_are_a_usage_error) {
    expect_failure(GetParam(), {"0000:ff:1f.7", "0000:ff:1f.6", "--nonsense"}, 2, "--nonsense");
}

TEST_P(EveryProgram, wrong_argument_is_reported_before_a_missing_one_with_the_nearest_match) {
    expect_failure(GetParam(), {"--jsn"}, 2, "unknown option \"--jsn\": did you mean --json?");
    expect_failure(GetParam(), {"--bogus-option"}, 2, "unknown option \"--bogus-option\"\n");
}

TEST_P(EveryProgram, missing_and_surplus_values_are_named_in_plain_words) {
    const std::map<std::string, Words> needed{{"ixy-pktgen", {"0000:ff:1f.7"}},
                                              {"ixy-fwd", {"0000:ff:1f.7", "0000:ff:1f.6"}},
                                              {"ixy-pcap", {"0000:ff:1f.7", "/nonexistent/a.pcap", "1"}}};
    const auto expect = [&](const Words& more, const std::string& message) {
        Words words = needed.at(GetParam());
        words.insert(words.end(), more.begin(), more.end());
        expect_failure(GetParam(), words, 2, message + "\n");
    };
    expect({"--batch"}, "--batch needs a value");
    expect({"--batch="}, "--batch needs a value");
    expect({"--batch", "8", "--batch=9"}, "--batch is given twice: give it once");
    expect({"--json=5"}, "--json takes no value");
    expect({"surplus"}, "unexpected argument \"surplus\"");
    expect_failure(GetParam(), {"-x"}, 2, "unknown option \"-x\"");
}

TEST_P(EveryProgram, number_errors_are_one_short_line) {
    Program program(GetParam(), {"--batch", "0", "0000:ff:1f.7", "0000:ff:1f.6"});
    EXPECT_EQ(program.wait(), 2);
    EXPECT_TRUE(program.errors().starts_with(GetParam() + ": --batch: \"0\" is not a whole number from 1 to 1024; "))
        << program.errors();
    EXPECT_LT(program.errors().find('\n'), 160U);
}

TEST_P(EveryProgram, help_is_in_plain_words) {
    Program program(GetParam(), {"--help"});
    EXPECT_EQ(program.wait(), 0);
    for (const std::string syntax :
         {"UINT", "TEXT", "INT", "FLOAT", "REQUIRED", "OPTIONS", "Positional", "{", "=[", " in ["}) {
        EXPECT_EQ(program.output().find(syntax), std::string::npos) << syntax << "\n" << program.output();
    }
}

TEST_P(EveryProgram, options_out_of_range_are_a_usage_error) {
    const Words device{"0000:ff:1f.7", "0000:ff:1f.6"};
    const std::pair<std::string, std::string> mistakes[] = {
        {"--batch", "0"},       {"--batch", "1025"},      {"--batch", "-1"},     {"--batch", "many"},
        {"--duration", "0"},    {"--duration", "-3"},     {"--duration", "nan"}, {"--duration", "soon"},
        {"--duration", "2m"},   {"--duration", "1e3"},    {"--rx-ring", "7"},    {"--tx-ring", "100000"},
        {"--max-frame", "20"},  {"--link-timeout", "-1"}, {"--cpu", "99999999"}, {"--cpu", "-1"},
        {"--cpu", "the first"},
    };
    for (const auto& [option, value] : mistakes) {
        Words words = device;
        if (GetParam() == "ixy-pktgen") words.pop_back();
        words.push_back(option + "=" + value);
        SCOPED_TRACE(words.back());
        expect_failure(GetParam(), words, 2, option);
    }
}

TEST(ProgramsPcap, accepts_the_largest_values_its_help_names) {
    const TemporaryFolder folder;
    const DeviceLimits limits = widest_limits();
    const std::string frame = std::to_string(limits.most_max_frame), ring = std::to_string(limits.largest_ring);
    Program help("ixy-pcap", {"--help"});
    EXPECT_EQ(help.wait(), 0);
    EXPECT_NE(help.output().find(frame), std::string::npos) << help.output();
    EXPECT_NE(help.output().find(ring), std::string::npos) << help.output();

    const Words words{"sim:82540em,wire=loop", folder / "a.pcap", "--duration=0.1"};
    const auto with = [&](const std::string& option) {
        Words all = words;
        all.push_back(option);
        return all;
    };
    for (const std::string& option : {"--max-frame=" + frame, "--rx-ring=" + ring, "--tx-ring=" + ring}) {
        Program program("ixy-pcap", with(option));
        EXPECT_EQ(program.wait(), 0) << program.errors();
    }
    expect_failure("ixy-pcap", with("--max-frame=" + std::to_string(limits.most_max_frame + 1)), 2, "--max-frame");
    expect_failure("ixy-pcap", with("--rx-ring=" + std::to_string(limits.largest_ring + 8)), 2, "--rx-ring");
}

TEST(ProgramsPcap, ring_too_small_for_the_longest_frame_is_a_usage_error_naming_the_smallest) {
    const TemporaryFolder folder;
    expect_failure("ixy-pcap", {"sim:82540em,wire=loop", folder / "a.pcap", "--rx-ring=8", "--max-frame=9000"}, 2,
                   "choose a receive ring of 16 descriptors or more");
}

TEST(ProgramsPktgen, refuses_malformed_options_before_the_card_is_touched) {
    const Words mistakes[] = {{"--rate", "fast"},
                              {"--rate", "100"},
                              {"--rate", "0pps"},
                              {"--rate", "-5Mpps"},
                              {"--rate", "1.5xpps"},
                              {"--rate", "1e300Gbit"},
                              {"--size", "59"},
                              {"--size", "9217"},
                              {"--count", "0"},
                              {"--count", "-1"},
                              {"--count", "18446744073709551616"},
                              {"--count", "1kk"},
                              {"--src-mac", "01:00:5e:00:00:01"},
                              {"--src-mac", "00:00:00:00:00:00"},
                              {"--flows", "0"},
                              {"--flows", "1048577"},
                              {"--src", "10.0.0"},
                              {"--dst", "10.0.0.2:"},
                              {"--dst", "10.0.0.2:65536"},
                              {"--src-mac", "1:2:3"},
                              {"--dst-mac", "zz:00:00:00:00:00"}};
    for (const Words& mistake : mistakes) {
        SCOPED_TRACE(mistake[0] + " " + mistake[1]);
        expect_failure("ixy-pktgen", {"0000:ff:1f.7", mistake[0] + "=" + mistake[1]}, 2, mistake[0]);
    }
}

TEST(ProgramsPktgen, numbers_are_decimal_and_may_have_units) {
    Program ten("ixy-pktgen", {"sim:82540em", "--count=010"});
    EXPECT_EQ(ten.wait(), 0);
    EXPECT_NE(ten.errors().find("sent 10\n"), std::string::npos) << ten.errors();
    Program thousand("ixy-pktgen", {"sim:82540em", "--count=1.5k", "--batch=0.032k", "--link-timeout=2000ms"});
    EXPECT_EQ(thousand.wait(), 0);
    EXPECT_NE(thousand.errors().find("sent 1500\n"), std::string::npos) << thousand.errors();
}

TEST(ProgramsPktgen, malformed_device_is_a_usage_error) { expect_failure("ixy-pktgen", {"eth0"}, 2, "eth0"); }

TEST(ProgramsPktgen, missing_device_is_a_failure_that_names_it) {
    expect_failure("ixy-pktgen", {"ffff:ff:1f.7"}, 1, "ffff:ff:1f.7");
}

TEST(ProgramsFwd, refuses_the_same_device_twice) {
    expect_failure("ixy-fwd", {"0000:ff:1f.7", "0000:ff:1f.7"}, 2, "the same device twice");
}

TEST(ProgramsPcap, bad_filter_is_refused_first_and_creates_no_file) {
    const TemporaryFolder folder;
    expect_failure("ixy-pcap", {"ffff:ff:1f.7", folder / "a.pcap", "--filter", "udp prot 5"}, 2, "udp prot 5");
    EXPECT_FALSE(std::filesystem::exists(folder / "a.pcap"));
}

TEST(ProgramsPcap, a_signal_ends_it_while_compiling_a_large_filter) {
    std::string filter = "port 1";
    for (int port = 2; port < 2000; ++port) filter += " or port " + std::to_string(port);
    const TemporaryFolder folder;
    Program program("ixy-pcap", {"sim:82540em", folder / "a.pcap", "--filter", filter});
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    program.signal(SIGTERM);
    EXPECT_EQ(program.wait(), 128 + SIGTERM);
}

TEST(ProgramsPcap, unwritable_file_is_named_before_the_card_is_taken) {
    expect_failure("ixy-pcap", {"ffff:ff:1f.7", "/nonexistent/folder/a.pcap"}, 1, "/nonexistent/folder/a.pcap");
    expect_failure("ixy-pcap", {"ffff:ff:1f.7", "/tmp"}, 1, "/tmp");
}

TEST(ProgramsPcap, count_of_zero_is_a_usage_error) {
    const TemporaryFolder folder;
    expect_failure("ixy-pcap", {"ffff:ff:1f.7", folder / "a.pcap", "0"}, 2, "COUNT");
    EXPECT_FALSE(std::filesystem::exists(folder / "a.pcap"));
}

TEST(ProgramsPcap, snaplen_out_of_range_is_a_usage_error) {
    const TemporaryFolder folder;
    expect_failure("ixy-pcap", {"ffff:ff:1f.7", folder / "a.pcap", "--snaplen=0"}, 2, "--snaplen");
    expect_failure("ixy-pcap", {"ffff:ff:1f.7", folder / "a.pcap", "--snaplen=262145"}, 2, "--snaplen");
}

TEST(ProgramsPcap, failing_card_creates_no_file_and_leaves_an_old_one_unchanged) {
    const TemporaryFolder folder;
    expect_failure("ixy-pcap", {"ffff:ff:1f.7", folder / "new.pcap"}, 1, "ffff:ff:1f.7");
    EXPECT_FALSE(std::filesystem::exists(folder / "new.pcap"));

    std::ofstream(folder / "old.pcap") << "precious";
    expect_failure("ixy-pcap", {"ffff:ff:1f.7", folder / "old.pcap"}, 1, "ffff:ff:1f.7");
    std::string content;
    std::ifstream(folder / "old.pcap") >> content;
    EXPECT_EQ(content, "precious");
}

TEST(ProgramsCpu, a_cpu_outside_the_inherited_mask_is_used) {
    const std::vector<int> cpus = allowed_cpus();
    std::jthread([&cpus] {  // the program inherits this thread's mask; with one CPU nothing is outside it
        ASSERT_TRUE(pin_to_cpu(cpus.front()));
        Program program("ixy-pktgen", {"--cpu", std::to_string(cpus.back()), "--count", "1", "sim:82540em"});
        EXPECT_EQ(program.wait(), 0) << program.errors();
    });
}

TEST(ProgramsCpu, an_absent_cpu_is_a_usage_error) {
    expect_failure("ixy-pktgen", {"--cpu", "60000", "--count", "1", "sim:82540em"}, 2, "CPU 60000 is not online");
}

}  // namespace
}  // namespace ixy::test
