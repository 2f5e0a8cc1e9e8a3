// Reading capture files.
#include "tests/apps/capture.hpp"

#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <cstring>

namespace ixy::test {

std::uint32_t Captured::number() const {
    std::uint32_t number = 0;
    if (bytes.size() >= sizeof number) std::memcpy(&number, bytes.data() + bytes.size() - sizeof number, sizeof number);
    return number;
}

std::vector<Captured> read_capture(const std::filesystem::path& path) {
    char message[PCAP_ERRBUF_SIZE];
    pcap_t* const file = pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, message);
    std::vector<Captured> frames;
    if (file == nullptr) {
        ADD_FAILURE() << message;
        return frames;
    }
    EXPECT_EQ(pcap_datalink(file), DLT_EN10MB);
    pcap_pkthdr* header = nullptr;
    const u_char* data = nullptr;
    int result = 0;
    while ((result = pcap_next_ex(file, &header, &data)) == 1) {
        const auto* const bytes = reinterpret_cast<const std::byte*>(data);
        frames.push_back({.nanoseconds = header->ts.tv_sec * 1'000'000'000 + header->ts.tv_usec,
                          .original = header->len,
                          .bytes = {bytes, bytes + header->caplen}});
    }
    EXPECT_EQ(result, PCAP_ERROR_BREAK) << pcap_geterr(file);
    pcap_close(file);
    return frames;
}

}  // namespace ixy::test
