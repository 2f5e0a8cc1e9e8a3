// Diagnostic registers of the 8254x: the packet buffer and its pointers, in 8-byte units. Manual 13.8.
#pragma once

#include <ixy/datasheet/register.hpp>

namespace ixy::datasheet::e1000 {

struct FifoPointer : Register<FifoPointer, 1> {
    using Register::Register;
    Field POINTER{this, {0, 13}, "pointer", "position in the packet buffer"};
};
inline constexpr FifoPointer RDFH{{.name = "RDFH",
                                   .offset = 0x2410,
                                   .writable = 0x1fff,
                                   .title = "Receive Data FIFO Head Register",
                                   .section = "13.8.1"}};
inline constexpr FifoPointer RDFT{{.name = "RDFT",
                                   .offset = 0x2418,
                                   .writable = 0x1fff,
                                   .title = "Receive Data FIFO Tail Register",
                                   .section = "13.8.2"}};
inline constexpr FifoPointer RDFHS{{.name = "RDFHS",
                                    .offset = 0x2420,
                                    .writable = 0x1fff,
                                    .title = "Receive Data FIFO Head Saved Register",
                                    .section = "13.8.3"}};
inline constexpr FifoPointer RDFTS{{.name = "RDFTS",
                                    .offset = 0x2428,
                                    .writable = 0x1fff,
                                    .title = "Receive Data FIFO Tail Saved Register",
                                    .section = "13.8.4"}};
inline constexpr FifoPointer RDFPC{{.name = "RDFPC",
                                    .offset = 0x2430,
                                    .writable = 0x1fff,
                                    .title = "Receive Data FIFO Packet Count",
                                    .section = "13.8.5"}};
inline constexpr FifoPointer TDFH{{.name = "TDFH",
                                   .offset = 0x3410,
                                   .writable = 0x1fff,
                                   .title = "Transmit Data FIFO Head Register",
                                   .section = "13.8.6"}};
inline constexpr FifoPointer TDFT{{.name = "TDFT",
                                   .offset = 0x3418,
                                   .writable = 0x1fff,
                                   .title = "Transmit Data FIFO Tail Register",
                                   .section = "13.8.7"}};
inline constexpr FifoPointer TDFHS{{.name = "TDFHS",
                                    .offset = 0x3420,
                                    .writable = 0x1fff,
                                    .title = "Transmit Data FIFO Head Saved Register",
                                    .section = "13.8.8"}};
inline constexpr FifoPointer TDFTS{{.name = "TDFTS",
                                    .offset = 0x3428,
                                    .writable = 0x1fff,
                                    .title = "Transmit Data FIFO Tail Saved Register",
                                    .section = "13.8.9"}};
inline constexpr FifoPointer TDFPC{{.name = "TDFPC",
                                    .offset = 0x3430,
                                    .writable = 0x1fff,
                                    .title = "Transmit Data FIFO Packet Count",
                                    .section = "13.8.10"}};

inline constexpr Number PBM{
    {.name = "PBM", .offset = 0x10000, .count = 16384, .title = "Packet Buffer Memory", .section = "13.8.11"}};

}  // namespace ixy::datasheet::e1000
