// Which frames to keep, in libpcap's filter language (man 7 pcap-filter).
#pragma once

#include <memory>
#include <string>

#include <ixy/core/error.hpp>
#include <ixy/core/packet.hpp>

struct bpf_program;

namespace ixy::app {

class CaptureFilter {
public:
    /// Compiles `expression` for Ethernet frames; an empty one lets all pass. Errors: invalid_argument.
    static Expected<CaptureFilter> compile(const std::string& expression);
    CaptureFilter(CaptureFilter&&) noexcept;
    CaptureFilter& operator=(CaptureFilter&&) noexcept;
    ~CaptureFilter();

    /// True when the frame shall be kept. Of a frame in several pieces the filter sees the first (2 KiB) and the
    /// length.
    bool matches(const Packet& frame) const;

private:
    CaptureFilter();
    std::unique_ptr<bpf_program> program_;  ///< null: all pass
};

}  // namespace ixy::app
