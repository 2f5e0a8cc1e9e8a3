// Which queue a received frame goes to. 82574 datasheet, 7.1.10 and 10.2.5.17 to 10.2.5.19.
#include <ixy/nic/e1000e/e1000e.hpp>

#include <ixy/datasheet/e1000/registers.hpp>

namespace ixy::e1000e {

using namespace datasheet::e1000;

namespace {

datasheet::Value<Mrqc> hash_types(RssHash hashes) {
    auto types = MRQC.from(0);
    if (has(hashes, RssHash::ipv4)) types |= MRQC.IPV4;
    if (has(hashes, RssHash::tcp_ipv4)) types |= MRQC.TCP_IPV4;
    if (has(hashes, RssHash::ipv6)) types |= MRQC.IPV6;
    if (has(hashes, RssHash::tcp_ipv6)) types |= MRQC.TCP_IPV6;
    return types;
}

}  // namespace

/// Frames that are not hashed go to queue 0. With one queue, all do, and no hash is computed.
void E1000e::set_up_rss() {
    if (options_.rx_queues == 1) {
        registers_.write(MRQC, MRQC.MRQE(0));
        return;
    }
    const RssOptions& rss = options_.rss;
    for (std::size_t i = 0; i < RSSRK.count; ++i) {
        std::uint32_t word = 0;
        for (std::size_t byte = 0; byte < 4; ++byte) word |= std::uint32_t{rss.key[4 * i + byte]} << 8 * byte;
        registers_.write(RSSRK[i], word);
    }
    for (std::size_t i = 0; i < RETA.count; ++i) {
        std::uint32_t word = 0;
        for (std::size_t byte = 0; byte < 4; ++byte) {
            const std::size_t queue = rss_queue(rss, 4 * i + byte, options_.rx_queues);
            word |= static_cast<std::uint32_t>(queue) << (8 * byte + RETA_QUEUE);
        }
        registers_.write(RETA[i], word);
    }
    registers_.write(MRQC, MRQC.MRQE(1) | hash_types(rss.hashes));
}

}  // namespace ixy::e1000e
