// The 8254x as a whole: its chapters put together, and its two windows, memory (BAR 0) and I/O (IOADDR, IODATA).
#pragma once

#include <ixy/sim/e1000/eeprom.hpp>
#include <ixy/sim/e1000/filters.hpp>
#include <ixy/sim/e1000/interrupts.hpp>
#include <ixy/sim/e1000/link.hpp>
#include <ixy/sim/e1000/receive.hpp>
#include <ixy/sim/e1000/registers.hpp>
#include <ixy/sim/e1000/statistics.hpp>
#include <ixy/sim/e1000/transmit.hpp>
#include <ixy/sim/model.hpp>

namespace ixy::sim::e1000 {

class E1000 final : public Model {
public:
    E1000(const datasheet::Chip& chip, Host& host, const ModelOptions& options);

    std::uint64_t read(unsigned bar, std::uint64_t offset, unsigned width) override;
    void write(unsigned bar, std::uint64_t offset, unsigned width, std::uint64_t value) override;
    bool can_receive() const override { return receive_.can_receive(); }
    void receive(std::span<const std::byte> frame, bool damaged) override;
    void set_cable(bool plugged) override { link_.set_cable(plugged); }
    void timer(unsigned timer) override;
    void reset(ResetKind kind) override;

private:
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

/// The kinds of cards that are made of it.
extern const CardType card_82540em, card_82545em;

}  // namespace ixy::sim::e1000
