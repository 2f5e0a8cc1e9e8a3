// Devices inside a QEMU that was started with -qtest: no guest, no root, and a card that we did not write.
//
// Register accesses are lines of text on a socket ("readl 0xe0000008"); the machine's memory is a file that QEMU and
// this process both map, so QEMU's card can fetch a descriptor that we write there. QEMU, docs/devel/qtest.
//
//   qemu-system-x86_64 -nodefaults -display none -device e1000,romfile=
//       -machine q35,accel=qtest:tcg,memory-backend=m -object memory-backend-file,id=m,size=64M,mem-path=FILE,share=on
//       -qtest unix:SOCKET,server=on,wait=off
//
// With accel=qtest, nothing runs in the machine, and we drive its clock. Distributions leave it out; with accel=tcg, a
// BIOS runs, finds nothing to boot and sleeps, and the clock is the real one.
#pragma once

#include <atomic>
#include <bitset>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <ixy/core/error.hpp>
#include <ixy/pci/function.hpp>

namespace ixy {

/// The qtest socket of one QEMU. QEMU serves one client at a time, so everything in this process that talks to one QEMU
/// shares one connection. Once QEMU has ended, or has not answered for `patience`, reads return all ones and writes are
/// dropped, for good. Thread rule: any thread; one access at a time.
class QtestConnection {
public:
    static constexpr std::chrono::milliseconds patience{10'000};

    /// Connects to the socket, or returns the connection that this process already has. Errors: not_found (no socket,
    /// or nobody listens), timeout and device_failed (no qtest at the other end, or it serves another client).
    static Expected<std::shared_ptr<QtestConnection>> open(const std::string& socket,
                                                           std::chrono::milliseconds patience_for_answers = patience);
    ~QtestConnection();
    QtestConnection(const QtestConnection&) = delete;
    QtestConnection& operator=(const QtestConnection&) = delete;

    const std::string& socket() const { return path_; }
    bool alive() const { return alive_; }

    /// Sends one line and returns what follows "OK" in the answer; nothing if QEMU refuses it or has ended.
    std::optional<std::string> command(const std::string& line);

    /// Reads `width` bytes (1, 2, 4 or 8) at a guest-physical address.
    std::uint64_t read(std::uint64_t address, unsigned width);
    void write(std::uint64_t address, unsigned width, std::uint64_t value);
    /// Reads `width` bytes (1, 2 or 4) of I/O port `port`.
    std::uint32_t in(std::uint16_t port, unsigned width);
    void out(std::uint16_t port, unsigned width, std::uint32_t value);
    /// Configuration space of function `slot` (device * 8 + function) of bus 0, by configuration mechanism 1.
    std::uint32_t config_read(unsigned slot, std::uint32_t offset, unsigned width);
    void config_write(unsigned slot, std::uint32_t offset, unsigned width, std::uint32_t value);

    /// Lets the machine's clock advance: steps it if we drive it (accel=qtest), else waits in real time.
    void pass_time(std::chrono::nanoseconds duration);

    /// The level of interrupt line `line` (0 to 31), as announced by QEMU before its latest answer. Lines are announced
    /// after command("irq_intercept_in ioapic").
    bool irq_level(unsigned line);

    /// Marks function `slot` as taken. False if it is already taken.
    bool claim(unsigned slot);
    void disclaim(unsigned slot);

private:
    QtestConnection(std::string path, int file) : path_(std::move(path)), file_(file) {}
    static Expected<std::shared_ptr<QtestConnection>> connect(const std::string& socket,
                                                              std::chrono::milliseconds patience_for_answers);
    std::optional<std::string> exchange(const std::string& line);
    std::optional<std::string> receive_line();
    void note_interrupt(const std::string& line);
    std::uint64_t number(const std::string& line, unsigned width);

    std::string path_;
    int file_;
    std::atomic<bool> alive_ = true;
    bool clock_is_ours_ = false;
    std::mutex mutex_;  ///< guards everything below and the order of lines on the socket
    std::string received_;
    std::bitset<32> irq_levels_;
    std::bitset<256> claimed_;
};

/// Opens "qtest:SOCKET[,memory=FILE][,device=02.0]". FILE is the machine's memory (default: SOCKET.memory); the device
/// is one on bus 0 (default: the first network card). Functions of one QEMU share one DMA space. Errors:
/// invalid_argument (address, memory file), not_found, busy, timeout, device_failed.
Expected<std::unique_ptr<PciFunction>> open_qtest_function(std::string_view address,
                                                           const PciOpenOptions& options = {});

}  // namespace ixy
