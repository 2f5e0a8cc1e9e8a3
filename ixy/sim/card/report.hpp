// What a strict card reports about its driver: mistakes that real hardware silently tolerates, or that hang it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <ixy/sim/card/clock.hpp>

namespace ixy::sim {

/// Kinds of misuse.
enum class Misuse : std::uint8_t {
    reserved_bits,          ///< a write changes bits that the manual reserves
    unknown_register,       ///< an access to an offset where the chip has no register
    bad_access,             ///< an access of a width or alignment that the manual does not allow
    tail_beyond_ring,       ///< a head or tail that is not an index of the ring
    bad_ring,               ///< a ring whose length is 0 or not a multiple of 128, or whose base is misaligned
    descriptor_again,       ///< a buffer given to the card twice
    bad_descriptor,         ///< a descriptor of an unknown type, too long for its packet, or without its context
    dma_not_mapped,         ///< DMA outside mapped memory, or in a direction that is not allowed
    dma_without_mastering,  ///< DMA while the command register's bus master bit is off
    receive_before_ring,    ///< the receiver enabled before its ring was set up
};
inline constexpr std::size_t misuse_kinds = static_cast<std::size_t>(Misuse::receive_before_ring) + 1;
std::string_view name(Misuse kind);  ///< "reserved bits"

struct Report {
    Misuse kind;
    std::string text;  ///< "RCTL: bit 31 is reserved (13.4.22)"
    Time when;
};

/// Where reports go. Thread rule: any thread.
class ReportSink {
public:
    virtual ~ReportSink() = default;
    virtual void report(std::string_view card, const Report& report) = 0;
};

/// Keeps the first thousand and counts all of them: for tests, which fail when there are any.
class ReportList final : public ReportSink {
public:
    void report(std::string_view card, const Report& report) override;
    std::vector<Report> reports() const;
    std::size_t count() const;
    std::size_t count(Misuse kind) const;
    void clear();
    /// All reports, one per line.
    std::string text() const;

private:
    mutable std::mutex mutex_;
    std::vector<Report> reports_;
    std::array<std::size_t, misuse_kinds> counts_{};
};

/// Prints each text once to standard error, at most a thousand texts: for programs.
class ReportPrinter final : public ReportSink {
public:
    void report(std::string_view card, const Report& report) override;

private:
    std::mutex mutex_;
    std::vector<std::string> said_;
};

}  // namespace ixy::sim
