// A QEMU whose cards a test drives: no guest, no root, no kernel driver. The far end of each card's cable is a Wire.
//
//   Qemu qemu({Card{.model = "e1000"}});
//   auto device = Device::open(qemu.address(0));
//   ... device->tx_queue(0).send(batch) ...
//   EXPECT_EQ(qemu.wire(0).receive(), frame);
//   qemu.wire(0).send(frame);
//   EXPECT_TRUE(eventually([&] { return device->rx_queue(0).receive(batch) == 1; }));
//
// The machine's processor sleeps in a three-instruction firmware, and its clock jumps to the next timer whenever it
// idles (-icount sleep=off), so no test waits out the second for which the card is deaf after a write to RCTL.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ixy/pci/qtest.hpp>

namespace ixy::test {

using Frame = std::vector<std::byte>;

/// Calls `condition` every 200 us until it holds. False if it did not within `limit`.
bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit = std::chrono::seconds(10));

/// A frame of `size` bytes: destination, source, EtherType 0x88b5 (for experiments), then bytes that depend on `seed`.
Frame make_frame(std::size_t size, unsigned seed = 0, std::string_view destination = "ff:ff:ff:ff:ff:ff");

/// The far end of a card's cable: a Unix datagram socket, one frame per datagram, without FCS.
class Wire {
public:
    static constexpr std::chrono::milliseconds patience{10'000};

    Wire(std::filesystem::path ours, std::filesystem::path card);
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    /// Gives a frame (up to 64 KiB) to the card. About ten frames wait in the cable while the card cannot receive; then
    /// this waits, and gives up after `limit` (false).
    bool send(std::span<const std::byte> frame, std::chrono::milliseconds limit = patience);
    /// True when QEMU has taken all sent frames off the cable, into the card or its queue for the card.
    bool is_empty() const;
    /// The next frame the card sent; empty if none came within `limit`.
    Frame receive(std::chrono::milliseconds limit = patience);
    /// All frames until none comes for `quiet`.
    std::vector<Frame> drain(std::chrono::milliseconds quiet = std::chrono::milliseconds(100));
    /// Connects to the card's end, which QEMU has created by now.
    void plug_in();

private:
    std::filesystem::path ours_;
    std::filesystem::path card_;
    int socket_;
};

/// A card of the machine.
struct Card {
    std::string model = "e1000";  ///< as in -device: e1000, e1000-82545em, e1000-82544gc, e1000e, igb, vmxnet3, ...
    std::string mac{};            ///< default: 52:54:00:00:00:01 for card 0, :02 for card 1, ...
    std::string properties{};     ///< more -device options, such as "mitigation=off"
    std::string cable{};          ///< cards with the same cable name are connected to each other; default: a Wire
};

struct QemuOptions {
    std::size_t memory_mib = 64;
    bool capture = false;  ///< capture the traffic of each card's cable in capture(card)
    std::vector<std::string> arguments{};
};

/// A running QEMU. It ends with this object, and with the thread that made it. Failures throw std::runtime_error with
/// QEMU's output. The program is $IXY_QEMU, or qemu-system-x86_64.
class Qemu {
public:
    explicit Qemu(std::vector<Card> cards = {Card{}}, const QemuOptions& options = {});
    ~Qemu();
    Qemu(const Qemu&) = delete;
    Qemu& operator=(const Qemu&) = delete;

    /// "qtest:/tmp/.../qtest,device=02.0", for Device::open and the programs. One process at a time.
    std::string address(std::size_t card = 0) const;
    /// The far end of the cable of `card`, which must not have a named cable.
    Wire& wire(std::size_t card = 0) { return *wires_.at(card); }
    std::filesystem::path capture(std::size_t card = 0) const;
    std::filesystem::path socket() const { return folder_ / "qtest"; }
    std::filesystem::path memory() const { return folder_ / "qtest.memory"; }
    const std::filesystem::path& folder() const { return folder_; }
    /// The machine's qtest connection, shared with the functions opened by this process.
    std::shared_ptr<QtestConnection> connection() const;
    /// Unplugs the cable of `card`, or plugs it back in.
    void set_link(std::size_t card, bool up);
    /// Sends a line to QEMU's monitor and returns its answer.
    std::string monitor(const std::string& line);
    /// Ends QEMU as a crash would (SIGKILL), and returns when it has gone.
    void kill();
    std::string printed() const;

private:
    std::vector<std::string> command_line(const std::vector<Card>& cards, const QemuOptions& options) const;
    void write_firmware() const;
    void start(const std::vector<std::string>& arguments);
    void await_start();
    bool has_ended();

    std::filesystem::path folder_;
    std::vector<std::unique_ptr<Wire>> wires_;
    pid_t process_ = -1;
};

}  // namespace ixy::test
