// The blocks of a pcapng file, as far as they concern check sequences.
#include "pcapng_check_sequences.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ixy::sim {
namespace {

constexpr std::uint32_t section_header = 0x0A0D0D0A;  // the same in both byte orders
constexpr std::uint32_t interface_description = 1, obsolete_packet = 2, simple_packet = 3, enhanced_packet = 6;
constexpr std::uint32_t byte_order_magic = 0x1A2B3C4D;
constexpr std::uint16_t end_of_options = 0, epb_flags = 2, if_fcslen = 13;
constexpr std::size_t header_size = 12;     // type, size, and for a section header the magic
constexpr std::size_t least_block = 12;     // type, size, size again
constexpr std::size_t most_kept = 1 << 20;  // longer blocks hold no frame of a network card

constexpr std::size_t padded(std::size_t size) { return (size + 3) / 4 * 4; }

}  // namespace

template <class T>
T PcapngCheckSequences::number_at(std::size_t offset) const {
    T number = 0;
    if (offset + sizeof number > block_.size()) return 0;
    std::memcpy(&number, block_.data() + offset, sizeof number);
    return swapped_ ? std::byteswap(number) : number;
}

void PcapngCheckSequences::see(std::span<const char> bytes) {
    while (is_pcapng_ && !bytes.empty()) {
        const std::size_t wanted = (block_size_ == 0 ? header_size : block_size_) - seen_;
        const auto part = bytes.first(std::min(wanted, bytes.size()));
        if (seen_ < most_kept) block_.insert(block_.end(), part.begin(), part.end());
        seen_ += part.size();
        bytes = bytes.subspan(part.size());
        if (block_size_ == 0 && seen_ == header_size && !see_header()) is_pcapng_ = false;
        if (seen_ != block_size_) continue;
        see_block();
        block_.clear();
        block_size_ = seen_ = 0;
    }
}

/// False if this cannot be the header of a block.
bool PcapngCheckSequences::see_header() {
    const bool begins_section = number_at<std::uint32_t>(0) == section_header;
    if (!begins_section && !in_section_) return false;
    if (begins_section) {
        swapped_ = false;
        const auto magic = number_at<std::uint32_t>(8);
        swapped_ = magic == std::byteswap(byte_order_magic);
        if (magic != byte_order_magic && !swapped_) return false;
        in_section_ = true;
        interfaces_.clear();
    }
    block_size_ = padded(number_at<std::uint32_t>(4));
    return block_size_ >= least_block;
}

void PcapngCheckSequences::see_block() {
    switch (number_at<std::uint32_t>(0)) {
        case interface_description:
            return see_interface();
        case enhanced_packet:
            return see_frame(number_at<std::uint32_t>(8), flags_of_enhanced_packet());
        case obsolete_packet:
            return see_frame(number_at<std::uint16_t>(8), 0);
        case simple_packet:
            return see_frame(0, 0);
        default:
            return;
    }
}

/// Calls `visit` with the code of each option and the offset of its value.
template <class Visit>
void PcapngCheckSequences::visit_options(std::size_t begin, const Visit& visit) const {
    while (begin + 4 < block_.size()) {
        const auto code = number_at<std::uint16_t>(begin);
        if (code == end_of_options) return;
        visit(code, begin + 4);
        begin += 4 + padded(number_at<std::uint16_t>(begin + 2));
    }
}

void PcapngCheckSequences::see_interface() {
    std::uint8_t size = 0;
    visit_options(16, [&](std::uint16_t code, std::size_t value) {
        if (code == if_fcslen) size = number_at<std::uint8_t>(value);
    });
    interfaces_.push_back(size);
}

std::uint32_t PcapngCheckSequences::flags_of_enhanced_packet() const {
    std::uint32_t flags = 0;
    const std::size_t data = 28;
    visit_options(data + padded(number_at<std::uint32_t>(20)), [&](std::uint16_t code, std::size_t value) {
        if (code == epb_flags) flags = number_at<std::uint32_t>(value);
    });
    return flags;
}

void PcapngCheckSequences::see_frame(std::uint32_t interface, std::uint32_t flags) {
    const std::size_t told = flags >> 5 & 0xF;  // of this frame; 0: the interface's
    frames_.push_back(told != 0 || interface >= interfaces_.size() ? told : interfaces_[interface]);
}

std::size_t PcapngCheckSequences::next() {
    if (frames_.empty()) return 0;
    const std::size_t size = frames_.front();
    frames_.pop_front();
    return size;
}

}  // namespace ixy::sim
