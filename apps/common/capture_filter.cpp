// Compiles and runs BPF programs with libpcap.
#include "capture_filter.hpp"

#include <pcap/pcap.h>

#include <utility>

#include "pcap_file.hpp"

namespace ixy::app {

CaptureFilter::CaptureFilter() = default;
CaptureFilter::CaptureFilter(CaptureFilter&&) noexcept = default;
CaptureFilter& CaptureFilter::operator=(CaptureFilter&& other) noexcept {
    std::swap(program_, other.program_);
    return *this;
}

CaptureFilter::~CaptureFilter() {
    if (program_) pcap_freecode(program_.get());
}

Expected<CaptureFilter> CaptureFilter::compile(const std::string& expression) {
    CaptureFilter filter;
    if (expression.empty()) return filter;
    const std::unique_ptr<pcap_t, decltype(&pcap_close)> handle(pcap_open_dead(DLT_EN10MB, largest_snaplen),
                                                                &pcap_close);
    if (!handle) return failure(ErrorKind::no_memory, "libpcap has no memory for the filter");
    auto program = std::make_unique<bpf_program>();
    if (pcap_compile(handle.get(), program.get(), expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
        return failure(ErrorKind::invalid_argument, "--filter: \"" + expression + "\": " + pcap_geterr(handle.get()),
                       "see the filter language: man 7 pcap-filter");
    }
    filter.program_ = std::move(program);
    return filter;
}

bool CaptureFilter::matches(const Packet& frame) {
    if (!program_) return true;
    pcap_pkthdr header{};
    header.caplen = static_cast<bpf_u_int32>(frame.length());
    header.len = static_cast<bpf_u_int32>(frame.frame_length());
    const std::byte* bytes = frame.start();
    if (frame.next() != nullptr) {
        whole_.clear();
        for (const Packet* piece = &frame; piece != nullptr; piece = piece->next()) {
            whole_.insert(whole_.end(), piece->data().begin(), piece->data().end());
        }
        header.caplen = header.len;
        bytes = whole_.data();
    }
    return pcap_offline_filter(program_.get(), &header, reinterpret_cast<const u_char*>(bytes)) != 0;
}

}  // namespace ixy::app
