// Follows a card's rings by its registers: which descriptors a doorbell hands over, and which ones the card has given
// back since.
#pragma once

#include <chrono>
#include <optional>
#include <source_location>
#include <vector>

#include <ixy/explain/access.hpp>
#include <ixy/explain/descriptors.hpp>

namespace ixy::explain {

/// Descriptors that changed hands.
struct Handover {
    enum class Kind : std::uint8_t {
        to_card,
        from_card,
        unseen,    ///< given back by the card and used again by the driver before anybody looked
        bad_tail,  ///< the doorbell names a slot that the ring does not have: `first`
    };
    Kind kind;
    std::chrono::nanoseconds time;
    RingPlace ring;
    std::uint32_t first = 0;  ///< slot
    std::uint32_t count = 0;
    std::vector<Descriptor> descriptors;  ///< all of them; none if they are unseen
    std::source_location where;
};

/// Thread rule: one at a time.
class RingWatch {
public:
    RingWatch(const datasheet::Chip& chip, const DmaSpace& space);

    /// What has changed hands by the time of `access`, which `memory` has seen.
    std::vector<Handover> look(const Access& access, const RegisterMemory& memory);

private:
    struct Followed {
        RingRegisters registers{};
        std::uint32_t tail = 0;
        std::uint32_t oldest = 0;  ///< the first slot that the card has not given back
        std::uint32_t held = 0;    ///< slots from there to the tail, which the card owns
    };
    std::optional<Handover> hand_over(Followed& ring, const RingPlace& place, const Access& access,
                                      std::vector<Handover>& events);
    void take_back(Followed& ring, const RingPlace& place, const Access& access, std::vector<Handover>& events);

    const datasheet::Chip& chip_;
    const DmaSpace& space_;
    std::vector<Followed> rings_;
};

}  // namespace ixy::explain
