// The 8254x, or 82574L, as a whole: it combines the chapters and has two windows, memory (BAR 0) and I/O (IOADDR,
// IODATA).
#pragma once

#include <ixy/sim/chips/e1000/eeprom.hpp>
#include <ixy/sim/chips/e1000/filters.hpp>
#include <ixy/sim/chips/e1000/interrupts.hpp>
#include <ixy/sim/chips/e1000/link.hpp>
#include <ixy/sim/chips/e1000/receive.hpp>
#include <ixy/sim/chips/e1000/registers.hpp>
#include <ixy/sim/chips/e1000/statistics.hpp>
#include <ixy/sim/chips/e1000/transmit.hpp>
#include <ixy/sim/chips/model.hpp>

namespace ixy::sim::e1000 {

class E1000 final : public Model {
public:
    /// `subsystem` is the PCI subsystem's device number, which the EEPROM holds too.
    E1000(const datasheet::e1000::Chip& chip, Host& host, const ModelOptions& options, std::uint16_t subsystem);

    std::uint64_t read(unsigned bar, std::uint64_t offset, unsigned width) override;
    void write(unsigned bar, std::uint64_t offset, unsigned width, std::uint64_t value) override;
    bool can_receive() const override { return receive_.can_receive(); }
    bool has_link() const override { return link_.up() && !link_.loopback(); }
    void receive(std::span<const std::byte> frame, bool damaged) override;
    void resume_sending() override { transmit_.run(); }
    void set_cable(bool plugged) override { link_.set_cable(plugged); }
    void timer(unsigned timer) override;
    void reset(ResetKind kind) override;

private:
    void connect_registers();
    void connect_semaphores();
    /// Sends a finished frame to the wire, or back in loopback.
    void send(std::span<const std::byte> frame);
    void reset_all(bool phy_too);

    std::uint32_t read_register(std::uint64_t offset, unsigned width);
    void write_register(std::uint64_t offset, unsigned width, std::uint32_t value);
    std::uint32_t read_io(std::uint64_t offset, unsigned width);
    void write_io(std::uint64_t offset, unsigned width, std::uint32_t value);
    void check_access(std::string_view where, std::uint64_t offset, unsigned width);

    Host& host_;
    RegisterFile registers_;
    Interrupts interrupts_;
    Statistics statistics_;
    Eeprom eeprom_;
    Link link_;
    Filters filters_;
    Receive receive_;
    Transmit transmit_;
    std::uint32_t io_address_ = 0;
};

/// The kinds of cards with this chip.
extern const CardType card_82540em, card_82545em, card_82574l;

}  // namespace ixy::sim::e1000
