// The `ixy` command as users run it: its command lines, output and exit status, on a fake tree.
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <sstream>
#include <thread>

#include <nlohmann/json.hpp>
#include <tests/pci/fake_sysfs.hpp>

namespace ixy {
namespace {

using test::FakeSysfs;

struct Result {
    int status = -1;
    std::string output;  ///< standard output and standard error
    bool says(const std::string& text) const { return output.find(text) != std::string::npos; }
};

Result run(const std::string& arguments) {
    Result result;
    FILE* const pipe = ::popen((IXY_COMMAND " " + arguments + " 2>&1").c_str(), "r");
    std::array<char, 4096> part;
    while (const std::size_t got = std::fread(part.data(), 1, part.size(), pipe))
        result.output.append(part.data(), got);
    const int status = ::pclose(pipe);
    if (WIFEXITED(status)) result.status = WEXITSTATUS(status);
    return result;
}

/// One JSON object per line.
std::vector<nlohmann::json> lines_of_json(const std::string& text) {
    std::vector<nlohmann::json> objects;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) objects.push_back(nlohmann::json::parse(line));
    return objects;
}

/// Plays the kernel on a fake tree: when drivers_probe names a card, it goes to the driver in driver_override, or to
/// `native` if there is none; when unbind is written, it leaves its driver.
class FakeKernel {
public:
    FakeKernel(FakeSysfs& fake, std::string address, std::string native)
        : fake_(fake), address_(std::move(address)), native_(std::move(native)), worker_([this] { work(); }) {}
    ~FakeKernel() {
        ending_ = true;
        worker_.join();
    }

private:
    void work() {
        const auto probe = fake_.root / "sys/bus/pci/drivers_probe";
        while (!ending_) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            const bool probed = !FakeSysfs::get(probe).empty();  // read first, since unbind is written before it
            for (const auto& driver : std::filesystem::directory_iterator(fake_.root / "sys/bus/pci/drivers")) {
                if (FakeSysfs::get(driver.path() / "unbind").empty()) continue;
                FakeSysfs::put(driver.path() / "unbind", "");
                fake_.release(address_);
            }
            if (!probed) continue;
            FakeSysfs::put(probe, "");
            std::string chosen = FakeSysfs::get(fake_.folder(address_) / "driver_override");
            chosen.erase(std::min(chosen.find_first_of(std::string("\n\0(", 3)), chosen.size()));
            fake_.release(address_);
            if (const std::string driver = chosen.empty() ? native_ : chosen; !driver.empty())
                fake_.bind(address_, driver);
        }
    }

    FakeSysfs& fake_;
    std::string address_;
    std::string native_;
    std::atomic<bool> ending_ = false;
    std::thread worker_;
};

struct Ixy : testing::Test {
    Result ixy(const std::string& arguments) { return run("--kernel-tree " + fake.root.string() + " " + arguments); }
    void put_huge_pages(const std::string& total, const std::string& free) {
        const auto folder = fake.root / "sys/kernel/mm/hugepages/hugepages-2048kB";
        FakeSysfs::put(folder / "nr_hugepages", total + "\n");
        FakeSysfs::put(folder / "free_hugepages", free + "\n");
    }
    void put_good_machine() {
        FakeSysfs::put(fake.root / "proc/self/status", "CapEff:\t000001ffffffffff\n");
        FakeSysfs::put(fake.root / "sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
        put_huge_pages("512", "512");
    }
    void put_register(const std::string& address, std::size_t offset, std::uint32_t value) {
        std::string bar = FakeSysfs::get(fake.folder(address) / "resource0");
        for (std::size_t i = 0; i < 4; ++i) bar.at(offset + i) = static_cast<char>(value >> 8 * i);
        FakeSysfs::put(fake.folder(address) / "resource0", bar);
    }
    FakeSysfs fake;
};

TEST_F(Ixy, knows_help_and_version_for_every_command) {
    EXPECT_EQ(run("--version").output, "ixy " IXY_VERSION "\n");
    for (const char* command :
         {"", "list", "bind", "unbind", "restore", "hugepages", "doctor", "regs", "rings", "sim"}) {
        const Result result = run(std::string(command) + " --help");
        EXPECT_EQ(result.status, 0) << command;
        EXPECT_TRUE(result.says("--help")) << command;
        for (const char* syntax :
             {"UINT", "TEXT", "INT", "REQUIRED", "OPTIONS", "SUBCOMMAND", "Positional", "{", "=["}) {
            EXPECT_FALSE(result.says(syntax)) << syntax << "\n" << result.output;
        }
    }
}

TEST_F(Ixy, names_the_wrong_word_and_the_nearest_match) {
    EXPECT_TRUE(run("sim --help").says("the Unix socket to listen on (required)"));
    EXPECT_TRUE(run("").says("ixy: missing command: list, bind, unbind, restore, hugepages, doctor, regs"));
    EXPECT_TRUE(run("bogus").says("ixy: unknown command \"bogus\""));
    EXPECT_TRUE(run("bogus --json").says("ixy: unknown command \"bogus\""));
    EXPECT_TRUE(ixy("bind").says("ixy: DEVICE is required")) << "the value of --kernel-tree is not a command";
    EXPECT_TRUE(run("list lo").says("ixy: unexpected argument \"lo\""));
    EXPECT_TRUE(run("list --json=5").says("ixy: --json takes no value"));
    EXPECT_TRUE(run("lst").says("unknown command \"lst\": did you mean list?"));
    EXPECT_TRUE(run("regs --al").says("unknown option \"--al\": did you mean --all?"));
}

TEST_F(Ixy, wrong_usage_exits_with_status_two) {
    for (const char* words :
         {"", "frobnicate", "bind", "bind 03:00.0", "unbind", "hugepages", "hugepages many", "regs",
          "hugepages 4 --size 3M", "list --colour", "hugepages -- -1", "unbind eth0", "regs eth0"}) {
        EXPECT_EQ(ixy(words).status, 2) << words;
    }
}

TEST_F(Ixy, list_shows_cards_and_why_one_is_in_use) {
    const auto folder = fake.add({.interface = "lo"});
    FakeSysfs::put(folder / "net/lo/flags", "0x49\n");
    fake.add({.address = "0000:04:00.0", .device = 0x4711, .driver = "", .interface = ""});
    const Result result = ixy("list");
    EXPECT_EQ(result.status, 0);
    EXPECT_TRUE(result.says("8086:100e 82540EM  e1000  e1000")) << result.output;
    EXPECT_TRUE(result.says("lo is up and has the address 127.0.0.1")) << result.output;
    EXPECT_TRUE(result.says("8086:4711")) << result.output;

    const auto json = lines_of_json(ixy("list --json").output);
    ASSERT_EQ(json.size(), 2U);
    EXPECT_EQ(json[0]["model"], "82540EM");
    EXPECT_EQ(json[0]["interfaces"][0], "lo");
    EXPECT_EQ(json[0]["in_use"], true);
    EXPECT_TRUE(json[1]["model"].is_null());
    EXPECT_EQ(json[1]["in_use"], false);
}

TEST_F(Ixy, list_long_shows_what_each_card_can_do) {
    fake.add({.device = 0x10d3, .interface = ""});
    fake.add({.address = "0000:04:00.0", .interface = ""});
    fake.add({.address = "0000:05:00.0", .device = 0x4711, .driver = "", .interface = ""});
    const Result result = ixy("list --long");
    EXPECT_EQ(result.status, 0);
    EXPECT_TRUE(result.says("0000:03:00.0 82574L\n  queues      2 receive, 2 transmit\n")) << result.output;
    EXPECT_TRUE(
        result.says("frames      60 to 9230 bytes without check sequence; with several receive queues to 1514"));
    EXPECT_TRUE(result.says("RSS         a table of 128 entries; hashes ipv4, tcp-ipv4, ipv6, tcp-ipv6\n"));
    EXPECT_TRUE(result.says("interrupts  INTx, MSI, MSI-X,")) << result.output;
    EXPECT_TRUE(result.says("0000:04:00.0 82540EM\n  queues      1 receive, 1 transmit\n")) << result.output;
    EXPECT_FALSE(ixy("list").says("queues"));

    const auto json = lines_of_json(ixy("list --long --json").output);
    ASSERT_EQ(json.size(), 3U);
    EXPECT_EQ(json[0]["driver"], "e1000e");
    EXPECT_EQ(json[0]["limits"]["rx_queues"], 2);
    EXPECT_EQ(json[1]["limits"]["most_max_frame"], 16124);
    EXPECT_FALSE(json[2].contains("limits"));
}

TEST_F(Ixy, list_says_when_a_machine_has_no_cards) {
    EXPECT_TRUE(ixy("list").says("no network card"));
    EXPECT_EQ(ixy("list --json").output, "");
}

TEST_F(Ixy, list_without_sysfs_is_an_error_not_an_empty_list) {
    std::filesystem::remove_all(fake.root / "sys");
    for (const char* words : {"list", "list --json"}) {
        const Result result = ixy(words);
        EXPECT_EQ(result.status, 1) << result.output;
        EXPECT_TRUE(result.says("there is no sysfs")) << result.output;
    }
}

TEST_F(Ixy, every_command_treats_a_card_with_a_hidden_interface_as_in_use) {
    fake.add({.interface = "ixytest0"});
    put_good_machine();
    const auto before = fake.snapshot();
    EXPECT_TRUE(ixy("list").says("ixytest0   in use")) << ixy("list").output;
    for (const char* words : {"list", "doctor", "unbind 03:00.0", "bind 03:00.0 uio_pci_generic"}) {
        const Result result = ixy(words);
        EXPECT_EQ(result.status, words == std::string("list") ? 0 : 1) << words;
        EXPECT_TRUE(result.says("this network namespace has no interface of that name")) << result.output;
        EXPECT_TRUE(result.says("ip netns exec")) << result.output;
    }
    EXPECT_EQ(fake.snapshot(), before);
}

TEST_F(Ixy, bind_unbind_and_restore_move_a_card_between_drivers) {
    const auto folder = fake.add({});
    FakeSysfs::put(fake.driver_folder("vfio-pci") / "bind", "");
    FakeSysfs::put(fake.driver_folder("vfio-pci") / "unbind", "");
    const FakeKernel kernel(fake, "0000:03:00.0", "e1000");
    const Result bound = ixy("bind 03:00.0 vfio-pci");
    EXPECT_EQ(bound.status, 0) << bound.output;
    EXPECT_EQ(link_target_name(folder / "driver"), "vfio-pci");
    EXPECT_TRUE(ixy("bind 03:00.0 vfio-pci").says("already"));

    const Result restored = ixy("restore 0000:03:00.0");
    EXPECT_EQ(restored.status, 0) << restored.output;
    EXPECT_TRUE(restored.says("bound to e1000")) << restored.output;

    std::filesystem::remove_all(folder / "net");
    FakeSysfs::add_interface(folder, "lo", "0x8");
    EXPECT_EQ(ixy("unbind 03:00.0").status, 0);
    EXPECT_TRUE(ixy("restore 03:00.0").says("bound to e1000"));
}

TEST_F(Ixy, bind_to_an_unloaded_driver_names_modprobe_and_changes_nothing) {
    fake.add({});
    const auto before = fake.snapshot();
    const Result result = ixy("bind 03:00.0 vfio-pci");
    EXPECT_EQ(result.status, 1);
    EXPECT_TRUE(result.says("modprobe vfio-pci")) << result.output;
    EXPECT_EQ(fake.snapshot(), before);
}

TEST_F(Ixy, restore_without_a_kernel_driver_names_modprobe) {
    fake.add({.driver = "", .interface = ""});
    const Result result = ixy("restore 03:00.0");
    EXPECT_EQ(result.status, 1);
    EXPECT_TRUE(result.says("modprobe")) << result.output;
}

TEST_F(Ixy, restore_refuses_a_card_driven_by_a_program_unless_forced) {
    const auto folder = fake.add({.driver = "uio_pci_generic", .interface = ""});
    std::filesystem::create_directories(folder / "uio/uio3");
    fake.add_process(812, "testpmd", "/dev/uio3");
    const FakeKernel kernel(fake, "0000:03:00.0", "e1000");
    for (const char* words : {"restore 03:00.0", "unbind 03:00.0"}) {
        const Result refused = ixy(words);
        EXPECT_EQ(refused.status, 1) << words;
        EXPECT_TRUE(refused.says("process 812 (testpmd) has it open")) << refused.output;
        EXPECT_EQ(link_target_name(folder / "driver"), "uio_pci_generic");
    }
    EXPECT_TRUE(ixy("restore 03:00.0 --force").says("bound to e1000"));
}

TEST_F(Ixy, unbind_refuses_a_card_in_use_unless_forced_and_changes_nothing) {
    const auto folder = fake.add({.interface = "lo"});
    FakeSysfs::put(folder / "net/lo/flags", "0x49\n");
    const auto before = fake.snapshot();
    const Result refused = ixy("unbind 03:00.0");
    EXPECT_EQ(refused.status, 1);
    EXPECT_TRUE(refused.says("lo is up and has the address 127.0.0.1")) << refused.output;
    EXPECT_TRUE(refused.says("ip link set lo down")) << refused.output;
    EXPECT_EQ(fake.snapshot(), before);
    EXPECT_EQ(ixy("unbind 03:00.0 --force").status, 0);
    EXPECT_EQ(FakeSysfs::get(fake.driver_folder("e1000") / "unbind"), "0000:03:00.0");
}

TEST_F(Ixy, every_command_refuses_a_device_that_is_not_a_network_card) {
    fake.add({.class_code = 0x010802, .driver = "nvme", .interface = ""});
    const auto before = fake.snapshot();
    for (const char* words : {"unbind 03:00.0 --force", "bind 03:00.0 vfio-pci --force", "restore 03:00.0"}) {
        const Result result = ixy(words);
        EXPECT_NE(result.status, 0) << words;
        EXPECT_TRUE(result.says("not a network card")) << result.output;
    }
    EXPECT_EQ(fake.snapshot(), before);
}

TEST_F(Ixy, hugepages_reports_what_the_kernel_really_gave) {
    put_huge_pages("0", "0");
    const Result result = ixy("hugepages 16");
    EXPECT_EQ(result.status, 0) << result.output;
    EXPECT_TRUE(result.says("16 huge pages of 2 MiB: 32 MiB")) << result.output;
    EXPECT_EQ(ixy("hugepages 1 --size 1G").status, 1) << "this tree has none of 1 GiB";
}

TEST_F(Ixy, doctor_names_what_is_missing_and_the_command_to_run) {
    const auto folder = fake.add({.interface = "lo"});
    FakeSysfs::put(folder / "net/lo/flags", "0x49\n");
    FakeSysfs::put(fake.root / "proc/self/status", "Name:\tixy\nCapEff:\t0000000000000000\n");
    FakeSysfs::put(fake.root / "sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
    put_huge_pages("0", "0");
    const Result result = ixy("doctor");
    EXPECT_EQ(result.status, 1);
    for (const char* text : {"ixy hugepages", "CAP_SYS_ADMIN", "Secure Boot", "ip link set lo down"}) {
        EXPECT_TRUE(result.says(text)) << text << "\n" << result.output;
    }
}

TEST_F(Ixy, no_command_proposes_a_driver_that_the_programs_refuse) {
    fake.add({.driver = "", .interface = ""});
    for (const char* words : {"doctor", "bind --help", "--help", "restore --help"})
        EXPECT_FALSE(ixy(words).says("vfio-pci")) << words;
}

TEST_F(Ixy, doctor_reports_unknown_for_hidden_facts_and_exits_with_status_one) {
    fake.add({});
    put_good_machine();
    EXPECT_EQ(ixy("doctor").status, 0);
    std::filesystem::remove_all(fake.root / "sys/kernel/security");
    std::filesystem::create_directory(fake.root / "sys/kernel/security");  // securityfs is not mounted
    const Result hidden = ixy("doctor");
    EXPECT_EQ(hidden.status, 1) << hidden.output;
    EXPECT_TRUE(hidden.says("UNKNOWN   lockdown")) << hidden.output;
    EXPECT_TRUE(hidden.says("mount -t securityfs")) << hidden.output;
    std::filesystem::remove_all(fake.root / "sys");
    std::filesystem::remove_all(fake.root / "proc");
    const Result nothing = ixy("doctor");
    EXPECT_EQ(nothing.status, 1) << nothing.output;
    for (const char* text :
         {"UNKNOWN   privileges", "UNKNOWN   huge pages", "UNKNOWN   lockdown", "MISSING   sysfs", "UNKNOWN   cards"})
        EXPECT_TRUE(nothing.says(text)) << text << "\n" << nothing.output;
    const auto json = lines_of_json(ixy("doctor --json").output);
    EXPECT_EQ(json.back()["ready"], false);
}

TEST_F(Ixy, doctor_names_a_control_groups_limit_on_huge_pages) {
    fake.add({});
    put_good_machine();
    FakeSysfs::put(fake.root / "proc/self/cgroup", "0::/box\n");
    FakeSysfs::put(fake.root / "sys/fs/cgroup/box/hugetlb.2MB.max", "0\n");
    const Result result = ixy("doctor");
    EXPECT_EQ(result.status, 1);
    EXPECT_TRUE(result.says("sys/fs/cgroup/box/hugetlb.2MB.max is 0")) << result.output;
}

TEST_F(Ixy, doctor_finds_no_fault_with_a_complete_machine) {
    fake.add({});
    put_good_machine();
    const Result result = ixy("doctor");
    EXPECT_EQ(result.status, 0) << result.output;
    const auto json = lines_of_json(ixy("doctor --json").output);
    ASSERT_GT(json.size(), 8U);
    EXPECT_EQ(json.front()["subject"], "kernel");
    EXPECT_EQ(json.back(), (nlohmann::json{{"summary", true}, {"ready", true}}));
}

TEST_F(Ixy, regs_prints_names_fields_and_meanings) {
    fake.add({});
    put_register("0000:03:00.0", 0x8, 0x80080783);
    const Result result = ixy("regs 03:00.0 STATUS");
    EXPECT_EQ(result.status, 0) << result.output;
    EXPECT_TRUE(result.says("0x00008  STATUS       0x80080783")) << result.output;
    EXPECT_TRUE(result.says("LU ")) << result.output;
    EXPECT_TRUE(result.says("1000 Mb/s")) << result.output;
    EXPECT_FALSE(result.says("CTRL")) << result.output;
}

TEST_F(Ixy, regs_skips_clear_on_read_registers_unless_asked) {
    fake.add({});
    put_register("0000:03:00.0", 0xc0, 0x4);       // ICR
    put_register("0000:03:00.0", 0x4074, 0x1234);  // GPRC
    const Result careful = ixy("regs 03:00.0");
    EXPECT_EQ(careful.status, 0) << careful.output;
    EXPECT_FALSE(careful.says("ICR ")) << careful.output;
    EXPECT_FALSE(careful.says("GPRC")) << careful.output;
    EXPECT_TRUE(careful.says("left out")) << careful.output;
    const Result all = ixy("regs 03:00.0 --all");
    EXPECT_TRUE(all.says("ICR ")) << all.output;
    EXPECT_TRUE(all.says("GPRC         0x00001234")) << all.output;
}

TEST_F(Ixy, regs_does_not_disturb_a_card_held_by_another_program) {
    fake.add({});
    const auto before = fake.snapshot();
    EXPECT_EQ(ixy("regs 03:00.0").status, 0);
    EXPECT_EQ(fake.snapshot(), before);
}

TEST_F(Ixy, regs_says_what_is_wrong_with_a_card) {
    const auto unknown = fake.add({.address = "0000:04:00.0", .device = 0x4711});
    std::filesystem::remove(unknown / "resource0");
    EXPECT_TRUE(ixy("regs 04:00.0").says("8086:4711, whose registers ixy does not know"));
    EXPECT_TRUE(ixy("regs 05:00.0").says("no PCI device 0000:05:00.0"));
    fake.add({.address = "0000:06:00.0", .command = 0});
    EXPECT_TRUE(ixy("regs 06:00.0").says("switched off"));
    const auto gone = fake.add({.address = "0000:07:00.0"});
    FakeSysfs::put(gone / "resource0", std::string(131072, '\xff'));
    EXPECT_TRUE(ixy("regs 07:00.0").says("gone"));
    fake.add({});
    EXPECT_EQ(ixy("regs 03:00.0 CTLR").status, 2);
}

TEST_F(Ixy, rss_names_the_queue_of_a_flow_and_why) {
    const Result tcp = run("rss 66.9.149.187:2794 161.142.100.80:1766");  // Microsoft's first example
    EXPECT_EQ(tcp.status, 0) << tcp.output;
    EXPECT_TRUE(tcp.says("TCP over IPv4")) << tcp.output;
    EXPECT_TRUE(tcp.says("hash   0x51ccc178")) << tcp.output;
    EXPECT_TRUE(tcp.says("entry  120 of 128")) << tcp.output;
    EXPECT_TRUE(tcp.says("queue  0 of 2")) << tcp.output;
    const Result udp = run("rss 66.9.149.187:2794 161.142.100.80:1766 --protocol udp --card 82574L");
    EXPECT_TRUE(udp.says("without ports")) << udp.output;
    EXPECT_TRUE(udp.says("hash   0x323e8fc2")) << udp.output;
    EXPECT_TRUE(run("rss 66.9.149.187 161.142.100.80").says("hash   0x323e8fc2"));
    const auto hash = [](const Result& result) { return result.output.substr(result.output.find("\nhash")); };
    EXPECT_EQ(hash(run("rss --symmetric [fd00::1]:80 [fd00::2]:1234")),
              hash(run("rss --symmetric [fd00::2]:1234 [fd00::1]:80")));
}

TEST_F(Ixy, rss_takes_a_card_in_small_letters_as_sim_addresses_have_it) {
    EXPECT_TRUE(run("rss 10.0.0.1:1 10.0.0.2:2 --card 82574l").says("82574L"));
}

TEST_F(Ixy, rss_refuses_what_is_no_flow_or_no_such_card) {
    const Result wrong = run("rss 10.0.0.1:1 10.0.0.2:2 --card 82599x");
    EXPECT_EQ(wrong.status, 2) << wrong.output;
    EXPECT_TRUE(wrong.says("cards with several receive queues: 82574L")) << wrong.output;
    EXPECT_TRUE(run("rss 10.0.0.256:1 10.0.0.2:2").says("\"10.0.0.256:1\" is not an IP address"));
    EXPECT_TRUE(run("rss 10.0.0.1:1 10.0.0.2").says("one address has no port"));
    EXPECT_TRUE(run("rss 10.0.0.1 fd00::1").says("one address is IPv4 and the other IPv6"));
    EXPECT_TRUE(run("rss 10.0.0.1:99999 10.0.0.2:2").says("is not an IP address with a port"));
    EXPECT_TRUE(run("rss 10.0.0.1:1 10.0.0.2:2 --queues 3").says("has 2 receive queues, not 3"));
    EXPECT_TRUE(run("rss 10.0.0.1:1 10.0.0.2:2 --card 82540EM").says("cards with several receive queues"));
}

}  // namespace
}  // namespace ixy
