// Which frames to keep, in libpcap's filter language (man 7 pcap-filter).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <ixy/core/error.hpp>
#include <ixy/core/packet.hpp>

struct bpf_program;

namespace ixy::app {

class CaptureFilter {
public:
    /// Compiles `expression` for Ethernet frames; an empty one passes all. It may take seconds, may look up names, and
    /// cannot be told to stop: call it while signals still end the program. Errors: invalid_argument.
    static Expected<CaptureFilter> compile(const std::string& expression);
    CaptureFilter(CaptureFilter&&) noexcept;
    CaptureFilter& operator=(CaptureFilter&&) noexcept;
    ~CaptureFilter();

    /// True for a frame to keep. The filter sees all pieces of the frame.
    bool matches(const Packet& frame);

private:
    CaptureFilter();
    std::unique_ptr<bpf_program> program_;  ///< null: all pass
    std::vector<std::byte> whole_;          ///< the joined pieces of a long frame
};

}  // namespace ixy::app
