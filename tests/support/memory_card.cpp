// The registers of a card simulated by a test.
#include "tests/support/memory_card.hpp"

namespace ixy::test {

using namespace datasheet::e1000;

MemoryCard::MemoryCard(std::shared_ptr<DmaSpace> space, Registers registers)
    : registers_(32 * 1024), mapped_(registers == Registers::mapped), space_(std::move(space)) {
    eeprom[0] = 0x5452;  // 52:54:00:00:00:01
    eeprom[2] = 0x0100;
    eeprom[63] = static_cast<std::uint16_t>(0xbaba - eeprom[0] - eeprom[2]);
}

std::span<ReceiveDescriptor> MemoryCard::rx_ring() const {
    const std::uint64_t base = get(RDBAL.offset) | std::uint64_t{get(RDBAH.offset)} << 32;
    return {reinterpret_cast<ReceiveDescriptor*>(base), get(RDLEN.offset) / sizeof(ReceiveDescriptor)};
}

std::span<TransmitDescriptor> MemoryCard::tx_ring() const {
    const std::uint64_t base = get(TDBAL.offset) | std::uint64_t{get(TDBAH.offset)} << 32;
    return {reinterpret_cast<TransmitDescriptor*>(base), get(TDLEN.offset) / sizeof(TransmitDescriptor)};
}

void MemoryCard::write_back(std::size_t slot, std::uint32_t length, datasheet::Value<RdescStatus> status) const {
    rx_ring()[slot].length = RDESC_LENGTH.LENGTH(length);
    rx_ring()[slot].status = status;
}

void MemoryCard::deliver(std::size_t count, std::uint32_t length) {
    const auto size = static_cast<std::uint32_t>(rx_ring().size());
    for (const std::uint32_t tail = get(RDT.offset); count != 0 && rx_head_ != tail; --count) {
        write_back(rx_head_, length, RDESC_STATUS.DD | RDESC_STATUS.EOP | RDESC_STATUS.IXSM);
        rx_head_ = rx_head_ + 1 == size ? 0 : rx_head_ + 1;
    }
}

void MemoryCard::report_sent() {
    const auto ring = tx_ring();
    for (; tx_head_ != get(TDT.offset); tx_head_ = (tx_head_ + 1) % static_cast<std::uint32_t>(ring.size())) {
        if (ring[tx_head_].command & TDESC_CMD.RS) ring[tx_head_].status = TDESC_STATUS.DD;
    }
}

std::uint64_t MemoryCard::read(std::uint64_t offset, unsigned, const std::source_location&) {
    ++*accesses_;
    if (gone) return ~std::uint64_t{0};
    const auto at = static_cast<std::uint32_t>(offset);
    if (at == STATUS.offset) return link ? (STATUS.LU | STATUS.FD | STATUS.SPEED(2)).bits : 0;
    if (at == TDH.offset) return get(TDT.offset);
    return get(at);
}

void MemoryCard::write(std::uint64_t offset, unsigned, std::uint64_t value, const std::source_location&) {
    ++*accesses_;
    if (gone) return;
    const auto at = static_cast<std::uint32_t>(offset);
    auto bits = static_cast<std::uint32_t>(value);
    if (at == CTRL.offset && ends_reset) bits &= ~CTRL.RST.mask();
    if (at == TDH.offset) tx_head_ = bits;
    if (at == EERD.offset && eeprom_answers) {
        bits = (EERD.DONE | EERD.DATA(eeprom[EERD.ADDR.of(EERD.from(bits)) % eeprom.size()])).bits;
    }
    if (at == MDIC.offset) {
        bits = phy_answers ? (MDIC.R | MDIC.DATA(0x1140)).bits : 0;  // auto-negotiation on, 1000 Mb/s, full duplex
    }
    set(at, bits);
}

}  // namespace ixy::test
