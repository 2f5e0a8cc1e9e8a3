// A ring that is not in order is reported when it is used, not while it is set up: until then any value may come first.
#include <ixy/sim/e1000/ring.hpp>

#include <string>

namespace ixy::sim::e1000 {

bool Ring::check() const {
    if (sound()) return true;
    const bool is_empty = head() == tail();  // as after a reset: there is no harm in it
    const auto& wrong = head() < size() ? at_.tail : at_.head;
    if (!is_empty && size() == 0) {
        registers_.report(Misuse::bad_ring, at_.length, "the ring has no descriptors, and is used");
    } else if (!is_empty) {
        registers_.report(Misuse::tail_beyond_ring, wrong,
                          std::to_string(registers_.number(wrong)) + " is not in the ring, which has " +
                              std::to_string(size()) + " descriptors");
    }
    return false;
}

}  // namespace ixy::sim::e1000
