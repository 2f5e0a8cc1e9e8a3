// What a pcapng file says about its frames' check sequences (FCS). libpcap reads the frames, but does not report this.
//
// An interface can have the option if_fcslen, a frame the option epb_flags; either gives the number of check sequence
// bytes at the end of a frame. Format: draft-ietf-opsawg-pcapng, 3 and 4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace ixy::sim {

class PcapngCheckSequences {
public:
    /// Looks at the next bytes of the file, all of which must come here in order. Anything that is not pcapng, or is
    /// damaged, is ignored.
    void see(std::span<const char> bytes);
    /// The length of the next frame's check sequence; 0 if unknown. To be called once for each frame, after see() has
    /// had all of it.
    std::size_t next();

private:
    bool see_header();
    void see_block();
    void see_interface();
    void see_frame(std::uint32_t interface, std::uint32_t flags);
    std::uint32_t flags_of_enhanced_packet() const;
    template <class T>
    T number_at(std::size_t offset) const;
    template <class Visit>
    void visit_options(std::size_t begin, const Visit& visit) const;

    std::vector<char> block_;     ///< the current block so far, as much of it as matters
    std::size_t block_size_ = 0;  ///< 0: its header is not complete
    std::size_t seen_ = 0;        ///< bytes of it
    bool is_pcapng_ = true;       ///< as far as is known
    bool in_section_ = false;
    bool swapped_ = false;  ///< the section's byte order is not this machine's
    std::vector<std::uint8_t> interfaces_;
    std::deque<std::size_t> frames_;
};

}  // namespace ixy::sim
