// A faulty ring is reported when it is used, not while it is set up, since its registers may be written in any order.
#include <ixy/sim/chips/e1000/ring.hpp>

#include <string>
#include <utility>

namespace ixy::sim::e1000 {

void Ring::written(const datasheet::Number& which, std::uint32_t value) {
    const bool fits = (value & ~registers_.chip().writable(which)) == 0;
    (&which == &at_.length ? odd_length_ : odd_base_) = fits ? 0 : value;
}

bool Ring::check() {
    if (size() == 0) {  // as after a reset: harmless while it is empty
        if (head() != tail())
            registers_.report(Misuse::bad_ring, at_.length, "the ring has no descriptors, but is used");
        return false;
    }
    if (!sound()) {
        const auto& wrong = head() < size() ? at_.tail : at_.head;
        registers_.report(Misuse::tail_beyond_ring, wrong,
                          std::to_string(registers_.number(wrong)) + " is not in the ring, which has " +
                              std::to_string(size()) + " descriptors");
        return false;
    }
    if (const std::uint32_t length = std::exchange(odd_length_, 0); length != 0)
        registers_.report(Misuse::bad_ring, at_.length,
                          std::to_string(length) + " bytes are not a multiple of 128, or too many");
    if (const std::uint32_t base = std::exchange(odd_base_, 0); base != 0)
        registers_.report(Misuse::bad_ring, at_.base_low,
                          "the ring begins " + std::to_string(base % descriptor_size) + " bytes past a multiple of 16");
    return true;
}

}  // namespace ixy::sim::e1000
