// Each set bit of the input adds (XOR) the 32 bits of the key that begin at its place.
#include <ixy/nic/rss.hpp>

#include <cassert>

namespace ixy {

std::uint32_t rss_hash(const RssKey& key, std::span<const std::byte> input) {
    assert(input.size() + 4 <= key.size());
    std::uint64_t window = 0;  // eight bytes of the key: those at the input's byte are the upper ones
    for (std::size_t i = 0; i < 4; ++i) window = window << 8 | key[i];
    std::uint32_t hash = 0;
    for (std::size_t i = 0; i < input.size(); ++i) {
        window = window << 8 | key[i + 4];
        for (unsigned bit = 0; bit < 8; ++bit) {
            if ((std::to_integer<unsigned>(input[i]) >> bit & 1) != 0)
                hash ^= static_cast<std::uint32_t>(window >> (bit + 1));
        }
    }
    return hash;
}

}  // namespace ixy
