// Fuzzes what an 8254x or an 82574L reads from memory: descriptors of all kinds, in correctly set up rings.
// registers.cpp fuzzes the registers.
#include <cstdlib>
#include <vector>

#include <ixy/datasheet/e1000/descriptors.hpp>
#include <ixy/datasheet/e1000/pcie.hpp>
#include <ixy/datasheet/e1000/registers.hpp>

#include "tests/fuzz/card.hpp"
#include "tests/fuzz/input.hpp"

namespace ixy::fuzz {
namespace {

using namespace datasheet::e1000;

constexpr std::uint32_t rx_ring = 0x1000, tx_ring = 0x2000, memory_size = 0x1'0000;
constexpr std::uint32_t ring_size = 32;
constexpr std::size_t longest_sent = 16288 + 4, most_at_once = 32 * 1100;
constexpr sim::Time several_turns{32};

class Script {
public:
    explicit Script(Input input) : input_(input), card_(fresh_card(2 * input_.up_to(1), memory_size)) {}

    void run() {
        card_.host.memory.assign(memory_size, std::byte{0x5a});
        set_up();
        while (!input_.empty()) {
            step();
            if (card_.host.frames.size() > most_at_once) std::abort();
            for (const auto& frame : card_.host.frames)
                if (frame.size() > longest_sent) std::abort();
            card_.host.frames.clear();
            card_.host.reports.clear();
        }
        card_.host.pass(*card_.nic, several_turns);
        write<Tctl>(TCTL, 0);  // the rest of a million segments would take too long
        card_.host.pass(*card_.nic, std::chrono::seconds(1));
    }

private:
    template <class R>
    void write(datasheet::Location<R> at, std::uint32_t value) {
        card_.nic->write(0, at.offset, 4, value);
    }

    void set_up() {
        using datasheet::Location;
        write<Ctrl>(CTRL, CTRL.SLU.mask() | (input_.take<std::uint32_t>() & (CTRL.VME | CTRL.RFCE).bits));
        write<datasheet::Number>(VET, 0x8100);
        write<Rxcsum>(RXCSUM, input_.take<std::uint16_t>());
        write<Pba>(PBA, input_.up_to(64));
        write<datasheet::Number>(RDBAL, rx_ring);
        write<datasheet::Number>(TDBAL, tx_ring);
        write<datasheet::Number>(RDLEN, ring_size * 16);
        write<datasheet::Number>(TDLEN, ring_size * 16);
        write<Rctl>(RCTL, input_.take<std::uint32_t>() | RCTL.EN.mask() | RCTL.BAM.mask());
        write<Rfctl>(RFCTL, input_.take<std::uint32_t>());  // the 82574L's additions
        write<Psrctl>(PSRCTL, input_.take<std::uint32_t>());
        write<Mrqc>(MRQC, input_.take<std::uint32_t>());
        write<Tctl>(TCTL, TCTL.EN.mask() | (input_.take<std::uint8_t>() & TCTL.PSP.mask()));
        if (input_.up_to(3) == 0)  // the PHY's loopback: sent frames are received
            write<Mdic>(MDIC, (MDIC.PHYADD(1) | MDIC.OP(1) | MDIC.DATA(0x4140)).bits);
    }

    void step() {
        switch (input_.up_to(7)) {
            case 0:
            case 1:
            case 2:
                return put_transmit_descriptor();
            case 3:
                return write<datasheet::Number>(TDT, posted_ % ring_size);
            case 4:
                return put_receive_descriptor();
            case 5:
                return write<datasheet::Number>(RDT, given_ % ring_size);
            case 6:
                return arrive();
            default:
                return scribble();
        }
    }

    std::uint64_t address() {
        const auto value = input_.take<std::uint16_t>();
        return value < 16 ? std::uint64_t{value} << 60 : value;  // some of them unmapped
    }

    void put_transmit_descriptor() {
        TransmitDescriptor descriptor{};
        descriptor.command.bits = input_.take<std::uint32_t>();
        descriptor.status.bits = input_.take<std::uint32_t>();
        const bool is_context = (descriptor.command & TDESC_CMD.DEXT) &&
                                CONTEXT_CMD.DTYP.of(CONTEXT_CMD.from(descriptor.command.bits)) == 0;
        descriptor.address = is_context ? input_.take<std::uint64_t>() : address();
        card_.host.store(IoAddress{tx_ring + posted_++ % ring_size * 16}, descriptor);
    }

    void put_receive_descriptor() {
        card_.host.store(IoAddress{rx_ring + given_++ % ring_size * 16}, ReceiveDescriptor{address(), {}, {}});
    }

    void arrive() {
        std::vector<std::byte> frame(input_.up_to(17'000), std::byte{0xff});
        const auto head = input_.take_bytes(std::min<std::size_t>(input_.up_to(80), frame.size()));
        std::ranges::copy(head, frame.begin());
        card_.nic->receive(frame, input_.up_to(7) == 0);
    }

    void scribble() {
        const std::uint32_t at = input_.up_to(memory_size - 256);
        std::ranges::copy(input_.take_bytes(input_.up_to(255)), card_.host.memory.begin() + at);
    }

    Input input_;
    Card& card_;
    std::uint32_t posted_ = 0, given_ = 0;
};

}  // namespace
}  // namespace ixy::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ixy::fuzz::Script(ixy::fuzz::Input(std::as_bytes(std::span(data, size)))).run();
    return 0;
}
