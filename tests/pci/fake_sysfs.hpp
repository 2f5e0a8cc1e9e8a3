// A sysfs tree in a temporary folder, with plain files in place of the kernel's attributes: written values can be read
// back.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <ixy/pci/files.hpp>

namespace ixy::test {

struct FakeCard {
    std::string address = "0000:03:00.0";
    std::uint16_t vendor = 0x8086;
    std::uint16_t device = 0x100e;
    std::uint32_t class_code = 0x020000;
    std::string driver = "e1000";  ///< empty: not bound
    /// An idle interface must exist on this machine, and every machine has lo. Here it counts as down. An interface
    /// whose name the kernel does not know counts as hidden.
    std::string interface = "lo";
    std::uint16_t command = 0x0103;  ///< I/O, memory, SERR
    std::uint8_t power_state = 0;
    std::size_t bar_bytes = 131072;
};

class FakeSysfs {
public:
    FakeSysfs() {
        std::string name = (std::filesystem::temp_directory_path() / "ixy-sysfs-XXXXXX").string();
        root = ::mkdtemp(name.data());
        tree = {.sys = root / "sys", .proc = root / "proc"};
        std::filesystem::create_directories(root / "sys/bus/pci/devices");
        // As seen from the first pid namespace, which has one process.
        std::filesystem::create_directories(root / "proc/self/ns");
        std::filesystem::create_symlink("pid:[4026531836]", root / "proc/self/ns/pid");
        add_process(1, "init");
        put(root / "sys/bus/pci/drivers_probe", "");
    }
    ~FakeSysfs() { std::filesystem::remove_all(root); }
    FakeSysfs(const FakeSysfs&) = delete;
    FakeSysfs& operator=(const FakeSysfs&) = delete;

    static void put(const std::filesystem::path& file, const std::string& content) {
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << content;
    }
    static std::string get(const std::filesystem::path& file) {
        std::ifstream stream(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    std::filesystem::path folder(const std::string& address) const { return root / "sys/bus/pci/devices" / address; }
    std::filesystem::path driver_folder(const std::string& driver) const {
        return root / "sys/bus/pci/drivers" / driver;
    }

    std::filesystem::path add(const FakeCard& card) {
        const auto at = folder(card.address);
        put(at / "vendor", hexadecimal(card.vendor));
        put(at / "device", hexadecimal(card.device));
        put(at / "subsystem_vendor", "0x1af4\n");
        put(at / "subsystem_device", "0x1100\n");
        put(at / "class", hexadecimal(card.class_code));
        put(at / "revision", "0x03\n");
        put(at / "numa_node", "-1\n");
        put(at / "driver_override", "(null)\n");
        put(at / "enable", "0\n");
        put(at / "power/control", "auto\n");
        put(at / "resource",
            "0x00000000febc0000 0x00000000febdffff 0x0000000000040200\n"
            "0x000000000000c000 0x000000000000c03f 0x0000000000040101\n"
            "0x0000000000000000 0x0000000000000000 0x0000000000000000\n");
        put(at / "resource0", std::string(card.bar_bytes, '\0'));
        put(at / "resource1", std::string(64, '\0'));
        put(at / "config", config_space(card));
        if (!card.driver.empty()) bind(card.address, card.driver);
        if (!card.interface.empty()) add_interface(at, card.interface, "0x8");
        return at;
    }
    static void add_interface(const std::filesystem::path& card, const std::string& name, const std::string& flags) {
        put(card / "net" / name / "flags", flags + "\n");
        put(card / "net" / name / "ifindex", "1\n");  // that of lo
        put(card / "net" / name / "address", "00:00:00:00:00:00\n");
    }
    /// A process with one open file, and lines of /proc/PID/maps.
    void add_process(int number, const std::string& name, const std::string& open_file = {},
                     const std::string& maps = {}) const {
        const auto at = root / "proc" / std::to_string(number);
        std::filesystem::create_directories(at / "fd");
        put(at / "comm", name + "\n");
        put(at / "maps", maps);
        if (!open_file.empty()) std::filesystem::create_symlink(open_file, at / "fd/3");
    }
    /// Does what the kernel does when a driver takes a card.
    void bind(const std::string& address, const std::string& driver) {
        put(driver_folder(driver) / "bind", "");
        put(driver_folder(driver) / "unbind", "");
        std::filesystem::remove(folder(address) / "driver");
        std::filesystem::create_directory_symlink(driver_folder(driver), folder(address) / "driver");
    }
    void release(const std::string& address) { std::filesystem::remove(folder(address) / "driver"); }

    std::uint16_t command(const std::string& address) const {
        const std::string config = get(folder(address) / "config");
        return static_cast<std::uint16_t>(static_cast<unsigned char>(config.at(4)) |
                                          static_cast<unsigned char>(config.at(5)) << 8);
    }
    /// Every file with its contents: equal snapshots mean that nothing was changed.
    std::map<std::string, std::string> snapshot() const {
        std::map<std::string, std::string> files;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
            if (entry.is_regular_file()) files[entry.path()] = get(entry.path());
        }
        return files;
    }

    std::filesystem::path root;
    KernelTree tree;

private:
    static std::string hexadecimal(std::uint32_t number) {
        char text[16];
        std::snprintf(text, sizeof text, "0x%04x\n", number);
        return text;
    }
    static std::string config_space(const FakeCard& card) {
        std::string config(256, '\0');
        const auto put16 = [&config](std::size_t at, unsigned value) {
            config[at] = static_cast<char>(value);
            config[at + 1] = static_cast<char>(value >> 8);
        };
        put16(0x00, card.vendor);
        put16(0x02, card.device);
        put16(0x04, card.command);
        put16(0x06, 0x0010);  // there is a capability list,
        put16(0x34, 0xdc);    // it starts at 0xdc
        put16(0xdc, 0x0001);  // with power management, and ends there
        put16(0xe0, card.power_state);
        return config;
    }
};

}  // namespace ixy::test
