// Which descriptors changed hands, found out from registers and memory alone.
#include <ixy/explain/ring_watch.hpp>

namespace ixy::explain {
namespace {

std::vector<Descriptor> read_all(const DmaSpace& space, const RingPlace& ring, std::uint32_t first,
                                 std::uint32_t count) {
    std::vector<Descriptor> descriptors;
    for (std::uint32_t i = 0; i < count; ++i) {
        descriptors.push_back(read_descriptor(space, ring, (first + i) % ring.size));
    }
    return descriptors;
}

}  // namespace

RingWatch::RingWatch(const datasheet::Chip& chip, const DmaSpace& space) : chip_(chip), space_(space) {
    for (const RingRegisters& ring : rings_of(chip)) rings_.push_back({.registers = ring});
}

std::vector<Handover> RingWatch::look(const Access& access, const RegisterMemory& memory) {
    const auto read = [&memory](std::uint32_t offset) { return memory.value(offset).value_or(0); };
    std::vector<Handover> events;
    for (Followed& ring : rings_) {
        const datasheet::RingBank& bank = *ring.registers.bank;
        const bool is_its_own = access.is_write && access.info != nullptr && access.index == ring.registers.index;
        const bool moves = is_its_own && (access.info == bank.base_low || access.info == bank.base_high ||
                                          access.info == bank.length || access.info == bank.head);
        if (moves) {
            const std::uint32_t head = read(ring.registers.address(*bank.head));
            ring = {.registers = ring.registers, .tail = head, .oldest = head};
        }
        const RingPlace place = find_ring(chip_, ring.registers, read);
        if (place.size == 0) continue;
        const bool is_doorbell = is_its_own && access.info == bank.tail;
        const auto given = is_doorbell ? hand_over(ring, place, access, events) : std::nullopt;
        take_back(ring, place, access, events);
        if (given) events.push_back(*given);
    }
    return events;
}

/// What the new tail gives to the card; empty if it is the old one. A driver reuses a slot only after the card has
/// given it back, which reveals those that nobody saw: the card never holds all slots of a ring.
std::optional<Handover> RingWatch::hand_over(Followed& ring, const RingPlace& place, const Access& access,
                                             std::vector<Handover>& events) {
    Handover event{.kind = Handover::Kind::to_card, .time = access.time, .ring = place, .where = access.where};
    const std::uint32_t tail = access.bits() & access.info->writable;
    if (tail >= place.size) {
        event.kind = Handover::Kind::bad_tail;
        event.first = tail;
        return event;
    }
    event.first = ring.tail % place.size;
    event.count = (tail + place.size - event.first) % place.size;
    ring.tail = tail;
    ring.held += event.count;
    if (ring.held > place.size - 1) {
        const std::uint32_t unseen = ring.held - (place.size - 1);
        events.push_back({.kind = Handover::Kind::unseen,
                          .time = access.time,
                          .ring = place,
                          .first = ring.oldest,
                          .count = unseen,
                          .where = access.where});
        ring.oldest = (ring.oldest + unseen) % place.size;
        ring.held -= unseen;
    }
    if (event.count == 0) return std::nullopt;
    event.descriptors = read_all(space_, place, event.first, event.count);
    return event;
}

/// Only transmit descriptors that ask for a report get DD; they vouch for the ones before them.
void RingWatch::take_back(Followed& ring, const RingPlace& place, const Access& access, std::vector<Handover>& events) {
    if (space_.memory_at(place.base, place.size * descriptor_bytes).empty()) return;
    std::uint32_t done = 0;
    for (std::uint32_t i = 0; i < ring.held; ++i) {
        const bool is_done = read_descriptor(space_, place, (ring.oldest + i) % place.size).is_done();
        if (is_done) done = i + 1;
        if (!is_done && place.registers.is_receive()) break;
    }
    if (done == 0) return;
    events.push_back({.kind = Handover::Kind::from_card,
                      .time = access.time,
                      .ring = place,
                      .first = ring.oldest,
                      .count = done,
                      .descriptors = read_all(space_, place, ring.oldest, done),
                      .where = access.where});
    ring.oldest = (ring.oldest + done) % place.size;
    ring.held -= done;
}

}  // namespace ixy::explain
