// Receive and transmit descriptors of the 8254x (manual 3.2.3, 3.3.3 to 3.3.7) and the 82574L's extended receive
// descriptor.
//
// A descriptor is four 32-bit words. Each word with fields is described like a register, so it is written
// (command = TDESC_CMD.LENGTH(60) | TDESC_CMD.EOP | ...), tested (RDESC_STATUS.DD & status) and decoded the same way.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include <ixy/datasheet/register.hpp>

namespace ixy::datasheet::e1000 {

static_assert(std::endian::native == std::endian::little, "descriptors are little-endian");

inline constexpr Number BUFFER_ADDRESS_LOW{
    {.name = "Buffer Address Low", .offset = 0, .title = "Buffer address, bits 31:0", .section = "3.2.3"}};
inline constexpr Number BUFFER_ADDRESS_HIGH{
    {.name = "Buffer Address High", .offset = 4, .title = "Buffer address, bits 63:32", .section = "3.2.3"}};

// --- receive, legacy (3.2.3) ---------------------------------------------------------------------------------------

struct RdescLength : Register<RdescLength> {
    using Register::Register;
    Field LENGTH{this, {0, 16}, "Length", "bytes in this buffer"};
    Field CHECKSUM{this, {16, 16}, "Packet Checksum", "ones' complement sum starting at RXCSUM.PCSS"};
};
inline constexpr RdescLength RDESC_LENGTH{
    {.name = "RDESC.Length", .offset = 8, .title = "Receive descriptor: length and checksum", .section = "3.2.3"}};

struct RdescStatus : Register<RdescStatus> {
    using Register::Register;
    Field DD{this, 0, "DD", "descriptor done"};
    Field EOP{this, 1, "EOP", "end of packet"};
    Field IXSM{this, 2, "IXSM", "ignore the checksum indications"};
    Field VP{this, 3, "VP", "802.1Q packet: VLAN tag found"};
    Field TCPCS{this, 5, "TCPCS", "TCP or UDP checksum calculated"};
    Field IPCS{this, 6, "IPCS", "IP checksum calculated"};
    Field PIF{this, 7, "PIF", "passed an inexact filter: software must check the address"};
    Field CE{this, 8, "CE", "CRC or alignment error"};
    Field SE{this, 9, "SE", "symbol error"};
    Field SEQ{this, 10, "SEQ", "sequence error"};
    Field CXE{this, 12, "CXE", "carrier extension error"};
    Field TCPE{this, 13, "TCPE", "TCP or UDP checksum wrong"};
    Field IPE{this, 14, "IPE", "IP checksum wrong"};
    Field RXE{this, 15, "RXE", "receive data error"};
    Field VLAN{this, {16, 12}, "VLAN", "VLAN identifier of the tag"};
    Field CFI{this, 28, "CFI", "canonical form indicator of the tag"};
    Field PRI{this, {29, 3}, "PRI", "priority of the tag"};
};
inline constexpr RdescStatus RDESC_STATUS{{.name = "RDESC.Status",
                                           .offset = 12,
                                           .title = "Receive descriptor: status, errors, special",
                                           .section = "3.2.3.1"}};

/// Software fills in the address; the device writes back the length, then the status.
struct ReceiveDescriptor {
    std::uint64_t address;
    Value<RdescLength> length;
    Value<RdescStatus> status;
};
static_assert(sizeof(ReceiveDescriptor) == 16 && offsetof(ReceiveDescriptor, status) == 12);

// --- transmit, legacy (3.3.3) --------------------------------------------------------------------------------------

// What only the 82544 has.
inline constexpr std::uint32_t RPS_82544 = 1U << 28;
inline constexpr std::uint32_t TU_82544 = 1U << 3;

struct TdescCommand : Register<TdescCommand> {
    using Register::Register;
    Field LENGTH{this, {0, 16}, "Length", "bytes in this buffer"};
    Field CSO{this, {16, 8}, "CSO", "offset where the checksum is inserted"};
    Field EOP{this, 24, "EOP", "end of packet"};
    Field IFCS{this, 25, "IFCS", "insert the Ethernet CRC"};
    Field IC{this, 26, "IC", "insert a checksum"};
    Field RS{this, 27, "RS", "report status: write DD back"};
    Field RPS{this, 28, "RPS", "report packet sent (82544GC/EI)"};
    Field DEXT{this, 29, "DEXT", "not a legacy descriptor"};
    Field VLE{this, 30, "VLE", "insert a VLAN tag"};
    Field IDE{this, 31, "IDE", "delay the interrupt"};
};
inline constexpr TdescCommand TDESC_CMD{{.name = "TDESC.CMD",
                                         .offset = 8,
                                         .writable = ~RPS_82544,
                                         .title = "Transmit descriptor: length, checksum offset, command",
                                         .section = "3.3.3.1"}};

struct TdescStatus : Register<TdescStatus> {
    using Register::Register;
    Field DD{this, 0, "DD", "descriptor done"};
    Field EC{this, 1, "EC", "excess collisions"};
    Field LC{this, 2, "LC", "late collision"};
    Field TU{this, 3, "TU", "transmit underrun (82544GC/EI)"};
    Field CSS{this, {8, 8}, "CSS", "offset where the checksum starts"};
    Field VLAN{this, {16, 12}, "VLAN", "VLAN identifier to insert"};
    Field CFI{this, 28, "CFI", "canonical form indicator to insert"};
    Field PRI{this, {29, 3}, "PRI", "priority to insert"};
};
inline constexpr TdescStatus TDESC_STATUS{{.name = "TDESC.STA",
                                           .offset = 12,
                                           .writable = ~TU_82544,
                                           .title = "Transmit descriptor: status, checksum start, special",
                                           .section = "3.3.3.2"}};

struct TransmitDescriptor {
    std::uint64_t address;
    Value<TdescCommand> command;
    Value<TdescStatus> status;
};
static_assert(sizeof(TransmitDescriptor) == 16 && offsetof(TransmitDescriptor, status) == 12);

// --- transmit, TCP/IP context (3.3.6) ------------------------------------------------------------------------------

inline constexpr Meaning DTYP_VALUES[] = {{0, "TCP/IP context"}, {1, "TCP/IP data"}};

struct ContextIp : Register<ContextIp> {
    using Register::Register;
    Field IPCSS{this, {0, 8}, "IPCSS", "offset where the IP checksum starts"};
    Field IPCSO{this, {8, 8}, "IPCSO", "offset where the IP checksum is inserted"};
    Field IPCSE{this, {16, 16}, "IPCSE", "offset where the IP checksum ends; 0: end of packet"};
};
inline constexpr ContextIp CONTEXT_IP{
    {.name = "Context.IP", .offset = 0, .title = "TCP/IP context descriptor: IP checksum", .section = "3.3.6"}};
struct ContextTcp : Register<ContextTcp> {
    using Register::Register;
    Field TUCSS{this, {0, 8}, "TUCSS", "offset where the TCP or UDP checksum starts"};
    Field TUCSO{this, {8, 8}, "TUCSO", "offset where the TCP or UDP checksum is inserted"};
    Field TUCSE{this, {16, 16}, "TUCSE", "offset where the TCP or UDP checksum ends; 0: end of packet"};
};
inline constexpr ContextTcp CONTEXT_TCP{{.name = "Context.TCP",
                                         .offset = 4,
                                         .title = "TCP/IP context descriptor: TCP or UDP checksum",
                                         .section = "3.3.6"}};
struct ContextCommand : Register<ContextCommand> {
    using Register::Register;
    Field PAYLEN{this, {0, 20}, "PAYLEN", "bytes of payload to segment"};
    Field DTYP{this, {20, 4}, "DTYP", "descriptor type", DTYP_VALUES};
    Field TCP{this, 24, "TCP", "TCP, not UDP"};
    Field IP{this, 25, "IP", "IPv4, not IPv6"};
    Field TSE{this, 26, "TSE", "TCP segmentation"};
    Field RS{this, 27, "RS", "report status: write DD back"};
    Field DEXT{this, 29, "DEXT", "not a legacy descriptor; must be set"};
    Field IDE{this, 31, "IDE", "delay the interrupt"};
};
inline constexpr ContextCommand CONTEXT_CMD{{.name = "Context.TUCMD",
                                             .offset = 8,
                                             .title = "TCP/IP context descriptor: payload length, command",
                                             .section = "3.3.6.1"}};
struct ContextStatus : Register<ContextStatus> {
    using Register::Register;
    Field DD{this, 0, "DD", "descriptor done"};
    Field HDRLEN{this, {8, 8}, "HDRLEN", "bytes of headers before the payload"};
    Field MSS{this, {16, 16}, "MSS", "payload bytes per segment"};
};
inline constexpr ContextStatus CONTEXT_STATUS{{.name = "Context.STA",
                                               .offset = 12,
                                               .title = "TCP/IP context descriptor: status, header length, MSS",
                                               .section = "3.3.6.2"}};

struct ContextDescriptor {
    Value<ContextIp> ip;
    Value<ContextTcp> tcp;
    Value<ContextCommand> command;
    Value<ContextStatus> status;
};
static_assert(sizeof(ContextDescriptor) == 16 && offsetof(ContextDescriptor, status) == 12);

// --- transmit, TCP/IP data (3.3.7) ---------------------------------------------------------------------------------

struct DataCommand : Register<DataCommand> {
    using Register::Register;
    Field DTALEN{this, {0, 20}, "DTALEN", "bytes in this buffer"};
    Field DTYP{this, {20, 4}, "DTYP", "descriptor type", DTYP_VALUES};
    Field EOP{this, 24, "EOP", "end of packet"};
    Field IFCS{this, 25, "IFCS", "insert the Ethernet CRC"};
    Field TSE{this, 26, "TSE", "TCP segmentation"};
    Field RS{this, 27, "RS", "report status: write DD back"};
    Field RPS{this, 28, "RPS", "report packet sent (82544GC/EI)"};
    Field DEXT{this, 29, "DEXT", "not a legacy descriptor; must be set"};
    Field VLE{this, 30, "VLE", "insert a VLAN tag"};
    Field IDE{this, 31, "IDE", "delay the interrupt"};
};
inline constexpr DataCommand DATA_CMD{{.name = "Data.DCMD",
                                       .offset = 8,
                                       .writable = ~RPS_82544,
                                       .title = "TCP/IP data descriptor: length, command",
                                       .section = "3.3.7.1"}};
struct DataStatus : Register<DataStatus> {
    using Register::Register;
    Field DD{this, 0, "DD", "descriptor done"};
    Field EC{this, 1, "EC", "excess collisions"};
    Field LC{this, 2, "LC", "late collision"};
    Field TU{this, 3, "TU", "transmit underrun (82544GC/EI)"};
    Field IXSM{this, 8, "IXSM", "insert the IP checksum"};
    Field TXSM{this, 9, "TXSM", "insert the TCP or UDP checksum"};
    Field VLAN{this, {16, 12}, "VLAN", "VLAN identifier to insert"};
    Field CFI{this, 28, "CFI", "canonical form indicator to insert"};
    Field PRI{this, {29, 3}, "PRI", "priority to insert"};
};
inline constexpr DataStatus DATA_STATUS{{.name = "Data.STA",
                                         .offset = 12,
                                         .writable = ~TU_82544,
                                         .title = "TCP/IP data descriptor: status, options, special",
                                         .section = "3.3.7.2"}};

struct DataDescriptor {
    std::uint64_t address;
    Value<DataCommand> command;
    Value<DataStatus> status;
};
static_assert(sizeof(DataDescriptor) == 16 && offsetof(DataDescriptor, status) == 12);

// --- receive, extended (82574L datasheet 7.1.5) --------------------------------------------------------------------

inline constexpr Meaning RSS_TYPE_VALUES[] = {{0, "no hash"},       {1, "TCP over IPv4"},        {2, "IPv4"},
                                              {3, "TCP over IPv6"}, {4, "IPv6 with extensions"}, {5, "IPv6"}};

struct ExtendedMrq : Register<ExtendedMrq> {
    using Register::Register;
    Field RSS_TYPE{this, {0, 4}, "RSS Type", "kind of packet hashed", RSS_TYPE_VALUES};
    Field QUEUE{this, {8, 5}, "Queue", "queue chosen by the hash"};
};
inline constexpr ExtendedMrq EXTENDED_MRQ{{.name = "Extended.MRQ",
                                           .offset = 0,
                                           .title = "Extended receive descriptor: multiple receive queues",
                                           .section = "82574L 7.1.5.2"}};
inline constexpr Number EXTENDED_HASH{{.name = "Extended.Hash",
                                       .offset = 4,
                                       .title = "Extended receive descriptor: RSS hash, or IP identification and "
                                                "packet checksum",
                                       .section = "82574L 7.1.5.2"}};

struct ExtendedStatus : Register<ExtendedStatus> {
    using Register::Register;
    Field DD{this, 0, "DD", "descriptor done"};
    Field EOP{this, 1, "EOP", "end of packet"};
    Field IXSM{this, 2, "IXSM", "ignore the checksum indications"};
    Field VP{this, 3, "VP", "802.1Q packet: VLAN tag found"};
    Field UDPCS{this, 4, "UDPCS", "UDP checksum calculated"};
    Field TCPCS{this, 5, "TCPCS", "TCP or UDP checksum calculated"};
    Field IPCS{this, 6, "IPCS", "IP checksum calculated"};
    Field PIF{this, 7, "PIF", "passed an inexact filter: software must check the address"};
    Field IPIDV{this, 9, "IPIDV", "IP identification is valid"};
    Field UDPV{this, 10, "UDPV", "UDP packet with a checksum in the packet checksum field"};
    Field ACK{this, 15, "ACK", "TCP ACK packet"};
    Field CE{this, 24, "CE", "CRC or alignment error"};
    Field SE{this, 25, "SE", "symbol error"};
    Field SEQ{this, 26, "SEQ", "sequence error"};
    Field CXE{this, 28, "CXE", "carrier extension error"};
    Field TCPE{this, 29, "TCPE", "TCP or UDP checksum wrong"};
    Field IPE{this, 30, "IPE", "IP checksum wrong"};
    Field RXE{this, 31, "RXE", "receive data error"};
};
inline constexpr ExtendedStatus EXTENDED_STATUS{{.name = "Extended.Status",
                                                 .offset = 8,
                                                 .title = "Extended receive descriptor: status and errors",
                                                 .section = "82574L 7.1.5.2"}};

struct ExtendedLength : Register<ExtendedLength> {
    using Register::Register;
    Field LENGTH{this, {0, 16}, "Length", "bytes in this buffer"};
    Field VLAN{this, {16, 12}, "VLAN", "VLAN identifier of the tag"};
    Field CFI{this, 28, "CFI", "canonical form indicator of the tag"};
    Field PRI{this, {29, 3}, "PRI", "priority of the tag"};
};
inline constexpr ExtendedLength EXTENDED_LENGTH{{.name = "Extended.Length",
                                                 .offset = 12,
                                                 .title = "Extended receive descriptor: length and VLAN tag",
                                                 .section = "82574L 7.1.5.2"}};

/// As written by software; the second half must be zero, so that DD is.
struct ExtendedReceiveRead {
    std::uint64_t address;
    std::uint64_t reserved;
};
/// As written back by the device, over the same 16 bytes.
struct ExtendedReceiveWriteBack {
    Value<ExtendedMrq> mrq;
    std::uint32_t hash;
    Value<ExtendedStatus> status;
    Value<ExtendedLength> length;
};
static_assert(sizeof(ExtendedReceiveRead) == 16);
static_assert(sizeof(ExtendedReceiveWriteBack) == 16 && offsetof(ExtendedReceiveWriteBack, status) == 8);

/// Packet split (82574L datasheet 7.1.5.3), as written by software: up to four buffers, all ones for absent ones.
struct SplitReceiveRead {
    std::uint64_t addresses[4];
};
/// As written back by the device: as above for the first buffer, then the lengths of the others.
struct SplitReceiveWriteBack {
    ExtendedReceiveWriteBack first;
    std::uint16_t header_status;
    std::uint16_t lengths[3];
    std::uint64_t reserved;
};
static_assert(sizeof(SplitReceiveRead) == 32);
static_assert(sizeof(SplitReceiveWriteBack) == 32 && offsetof(SplitReceiveWriteBack, lengths) == 18);

}  // namespace ixy::datasheet::e1000
