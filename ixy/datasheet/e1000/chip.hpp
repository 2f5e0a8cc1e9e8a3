// What sets the chips of this family apart beside their registers.
#pragma once

#include <cstdint>

#include <ixy/datasheet/chip.hpp>

namespace ixy::datasheet::e1000 {

/// How one word of the EEPROM is read.
enum class EepromRead : std::uint8_t {
    bits,         ///< by hand, bit by bit, through EECD
    eerd,         ///< EERD: done is bit 4, address from bit 8
    eerd_narrow,  ///< EERD: done is bit 1, address from bit 2
};
enum class EepromKind : std::uint8_t { microwire, spi };

/// How CTRL.RST must be written: some chips fail to complete the memory write that resets them.
enum class ResetWrite : std::uint8_t {
    memory,     ///< like any register
    io,         ///< through the I/O BAR (IOADDR, IODATA); emulated cards do without
    duplicate,  ///< to CTRL_DUP
};

/// What a driver must know beyond the registers.
struct Features {
    EepromKind eeprom_kind = EepromKind::microwire;
    EepromRead eeprom_read = EepromRead::eerd;
    std::uint16_t eeprom_words = 64;         ///< of the smallest EEPROM in use
    std::uint16_t eeprom_words_large = 256;  ///< when EECD.EE_SIZE is set
    bool eeprom_arbitrated = true;           ///< EECD is used after EE_REQ and EE_GNT
    ResetWrite reset_write = ResetWrite::io;
    std::uint32_t phy_id = 0;       ///< PHY registers 2 and 3, without the revision (lowest four bits)
    std::uint8_t phy_revision = 0;  ///< those four bits, as in our model
    std::uint8_t phy_address = 1;
    bool phy_pages = false;  ///< PHY register 22 selects the page of registers 16 and up
    bool mdic = true;        ///< the PHY is reached through MDIC, not bit by bit through CTRL
    std::uint8_t ports = 1;  ///< function 1 uses the EEPROM's address with the last bit flipped
    std::uint8_t receive_addresses = 16;
    std::uint16_t packet_buffer = 64;       ///< KB, shared by receive and transmit
    std::uint16_t longest_frame = 16128;    ///< bytes, with FCS
    bool hangs_on_pcix_buffer_end = false;  ///< on PCI-X, no transmit buffer may end in a qword's lower half
    bool mac_loopback = false;              ///< RCTL.LBM 1 loops inside the MAC; else only the PHY can
    bool interrupts_by_message = false;     ///< MSI-X with EITR and IVAR
    bool ipv6_header_in_length = true;      ///< a segment's IPv6 payload length counts the header, 40 bytes too much
};

/// A chip of this family.
struct Chip : datasheet::Chip {
    Features features;
};

}  // namespace ixy::datasheet::e1000
