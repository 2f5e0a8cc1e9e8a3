// Statistics registers of the 8254x. Manual 13.7.
//
// A read clears a counter, and a full counter stays full. Octet counts have 64 bits in two registers: read the low half
// first; reading the high half clears both.
#pragma once

#include <array>

#include <ixy/datasheet/register.hpp>

namespace ixy::datasheet::e1000 {

/// A statistics register's row: read-only, zero after reset, cleared by a read.
constexpr Row counter(std::string_view name, std::uint32_t offset, std::string_view title, std::string_view section) {
    return {.name = name, .offset = offset, .access = Access::RC, .writable = 0, .title = title, .section = section};
}

inline constexpr Number CRCERRS{counter("CRCERRS", 0x4000, "CRC Error Count", "13.7.1")};
inline constexpr Number ALGNERRC{counter("ALGNERRC", 0x4004, "Alignment Error Count", "13.7.2")};
inline constexpr Number SYMERRS{counter("SYMERRS", 0x4008, "Symbol Error Count", "13.7.3")};
inline constexpr Number RXERRC{counter("RXERRC", 0x400c, "RX Error Count", "13.7.4")};
inline constexpr Number MPC{counter("MPC", 0x4010, "Missed Packets Count", "13.7.5")};
inline constexpr Number SCC{counter("SCC", 0x4014, "Single Collision Count", "13.7.6")};
inline constexpr Number ECOL{counter("ECOL", 0x4018, "Excessive Collisions Count", "13.7.7")};
inline constexpr Number MCC{counter("MCC", 0x401c, "Multiple Collision Count", "13.7.8")};
inline constexpr Number LATECOL{counter("LATECOL", 0x4020, "Late Collisions Count", "13.7.9")};
inline constexpr Number COLC{counter("COLC", 0x4028, "Collision Count", "13.7.10")};
inline constexpr Number DC{counter("DC", 0x4030, "Defer Count", "13.7.11")};
inline constexpr Number TNCRS{counter("TNCRS", 0x4034, "Transmit with No CRS", "13.7.12")};
inline constexpr Number SEC{counter("SEC", 0x4038, "Sequence Error Count", "13.7.13")};
inline constexpr Number CEXTERR{counter("CEXTERR", 0x403c, "Carrier Extension Error Count", "13.7.14")};
inline constexpr Number RLEC{counter("RLEC", 0x4040, "Receive Length Error Count", "13.7.15")};
inline constexpr Number XONRXC{counter("XONRXC", 0x4048, "XON Received Count", "13.7.16")};
inline constexpr Number XONTXC{counter("XONTXC", 0x404c, "XON Transmitted Count", "13.7.17")};
inline constexpr Number XOFFRXC{counter("XOFFRXC", 0x4050, "XOFF Received Count", "13.7.18")};
inline constexpr Number XOFFTXC{counter("XOFFTXC", 0x4054, "XOFF Transmitted Count", "13.7.19")};
inline constexpr Number FCRUC{counter("FCRUC", 0x4058, "FC Received Unsupported Count", "13.7.20")};
inline constexpr Number PRC64{counter("PRC64", 0x405c, "Packets Received (64 Bytes) Count", "13.7.21")};
inline constexpr Number PRC127{counter("PRC127", 0x4060, "Packets Received (65-127 Bytes) Count", "13.7.22")};
inline constexpr Number PRC255{counter("PRC255", 0x4064, "Packets Received (128-255 Bytes) Count", "13.7.23")};
inline constexpr Number PRC511{counter("PRC511", 0x4068, "Packets Received (256-511 Bytes) Count", "13.7.24")};
inline constexpr Number PRC1023{counter("PRC1023", 0x406c, "Packets Received (512-1023 Bytes) Count", "13.7.25")};
inline constexpr Number PRC1522{counter("PRC1522", 0x4070, "Packets Received (1024 to Max Bytes) Count", "13.7.26")};
inline constexpr Number GPRC{counter("GPRC", 0x4074, "Good Packets Received Count", "13.7.27")};
inline constexpr Number BPRC{counter("BPRC", 0x4078, "Broadcast Packets Received Count", "13.7.28")};
inline constexpr Number MPRC{counter("MPRC", 0x407c, "Multicast Packets Received Count", "13.7.29")};
inline constexpr Number GPTC{counter("GPTC", 0x4080, "Good Packets Transmitted Count", "13.7.30")};
inline constexpr Number GORCL{counter("GORCL", 0x4088, "Good Octets Received Count, low", "13.7.31")};
inline constexpr Number GORCH{counter("GORCH", 0x408c, "Good Octets Received Count, high", "13.7.31")};
inline constexpr Number GOTCL{counter("GOTCL", 0x4090, "Good Octets Transmitted Count, low", "13.7.32")};
inline constexpr Number GOTCH{counter("GOTCH", 0x4094, "Good Octets Transmitted Count, high", "13.7.32")};
inline constexpr Number RNBC{counter("RNBC", 0x40a0, "Receive No Buffers Count", "13.7.33")};
inline constexpr Number RUC{counter("RUC", 0x40a4, "Receive Undersize Count", "13.7.34")};
inline constexpr Number RFC{counter("RFC", 0x40a8, "Receive Fragment Count", "13.7.35")};
inline constexpr Number ROC{counter("ROC", 0x40ac, "Receive Oversize Count", "13.7.36")};
inline constexpr Number RJC{counter("RJC", 0x40b0, "Receive Jabber Count", "13.7.37")};
inline constexpr Number MGTPRC{counter("MGTPRC", 0x40b4, "Management Packets Received Count", "13.7.38")};
inline constexpr Number MGTPDC{counter("MGTPDC", 0x40b8, "Management Packets Dropped Count", "13.7.39")};
inline constexpr Number MGTPTC{counter("MGTPTC", 0x40bc, "Management Packets Transmitted Count", "13.7.40")};
inline constexpr Number TORL{counter("TORL", 0x40c0, "Total Octets Received, low", "13.7.41")};
inline constexpr Number TORH{counter("TORH", 0x40c4, "Total Octets Received, high", "13.7.41")};
inline constexpr Number TOTL{counter("TOTL", 0x40c8, "Total Octets Transmitted, low", "13.7.42")};
inline constexpr Number TOTH{counter("TOTH", 0x40cc, "Total Octets Transmitted, high", "13.7.42")};
inline constexpr Number TPR{counter("TPR", 0x40d0, "Total Packets Received", "13.7.43")};
inline constexpr Number TPT{counter("TPT", 0x40d4, "Total Packets Transmitted", "13.7.44")};
inline constexpr Number PTC64{counter("PTC64", 0x40d8, "Packets Transmitted (64 Bytes) Count", "13.7.45")};
inline constexpr Number PTC127{counter("PTC127", 0x40dc, "Packets Transmitted (65-127 Bytes) Count", "13.7.46")};
inline constexpr Number PTC255{counter("PTC255", 0x40e0, "Packets Transmitted (128-255 Bytes) Count", "13.7.47")};
inline constexpr Number PTC511{counter("PTC511", 0x40e4, "Packets Transmitted (256-511 Bytes) Count", "13.7.48")};
inline constexpr Number PTC1023{counter("PTC1023", 0x40e8, "Packets Transmitted (512-1023 Bytes) Count", "13.7.49")};
inline constexpr Number PTC1522{
    counter("PTC1522", 0x40ec, "Packets Transmitted (1024 Bytes or Greater) Count", "13.7.50")};
inline constexpr Number MPTC{counter("MPTC", 0x40f0, "Multicast Packets Transmitted Count", "13.7.51")};
inline constexpr Number BPTC{counter("BPTC", 0x40f4, "Broadcast Packets Transmitted Count", "13.7.52")};
inline constexpr Number TSCTC{counter("TSCTC", 0x40f8, "TCP Segmentation Context Transmitted Count", "13.7.53")};
inline constexpr Number TSCTFC{counter("TSCTFC", 0x40fc, "TCP Segmentation Context Transmit Fail Count", "13.7.54")};

// The 82574L counts its interrupts, too.
inline constexpr Number IAC{counter("IAC", 0x4100, "Interrupt Assertion Count", "82574L 10.2.7.52")};
inline constexpr Number ICRXPTC{
    counter("ICRXPTC", 0x4104, "Interrupt Cause Receive Packet Timer Expire Count", "82574L 10.2.7")};
inline constexpr Number ICRXATC{
    counter("ICRXATC", 0x4108, "Interrupt Cause Receive Absolute Timer Expire Count", "82574L 10.2.7")};
inline constexpr Number ICTXPTC{
    counter("ICTXPTC", 0x410c, "Interrupt Cause Transmit Packet Timer Expire Count", "82574L 10.2.7")};
inline constexpr Number ICTXATC{
    counter("ICTXATC", 0x4110, "Interrupt Cause Transmit Absolute Timer Expire Count", "82574L 10.2.7")};
inline constexpr Number ICTXQEC{
    counter("ICTXQEC", 0x4118, "Interrupt Cause Transmit Queue Empty Count", "82574L 10.2.7")};
inline constexpr Number ICTXQMTC{
    counter("ICTXQMTC", 0x411c, "Interrupt Cause Transmit Queue Minimum Threshold Count", "82574L 10.2.7")};
inline constexpr Number ICRXDMTC{
    counter("ICRXDMTC", 0x4120, "Interrupt Cause Receive Descriptor Minimum Threshold Count", "82574L 10.2.7")};
inline constexpr Number ICRXOC{counter("ICRXOC", 0x4124, "Interrupt Cause Receiver Overrun Count", "82574L 10.2.7.53")};

}  // namespace ixy::datasheet::e1000
