// Drawing rings.
#include <ixy/explain/rings.hpp>

#include <algorithm>

#include <ixy/datasheet/catalogue.hpp>
#include <ixy/explain/sink.hpp>
#include <ixy/explain/text.hpp>

namespace ixy::explain {
namespace {

constexpr std::uint32_t picture_width = 64;

std::string plural(std::uint32_t count, std::string_view what) {
    return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

/// Head and tail above a line with one mark for each slot, or for as many slots as needed to fit.
std::string picture(const RingState& ring) {
    const std::uint32_t size = ring.place.size;
    const std::uint32_t width = std::min(size, picture_width);
    const auto column = [=](std::uint32_t slot) {
        return static_cast<std::size_t>(std::uint64_t{slot} * width / size);
    };
    std::string marks(width, ' ');
    marks[column(ring.tail)] = 'T';
    marks[column(ring.head)] = ring.head == ring.tail ? 'B' : column(ring.head) == column(ring.tail) ? '*' : 'H';
    std::string line(width, ' ');
    for (std::uint32_t i = 0; i < size; ++i) {
        char& mark = line[column((ring.head + i) % size)];
        const char owner = i < ring.held() ? '#' : '.';
        mark = mark == ' ' || mark == owner ? owner : '+';
    }
    while (marks.ends_with(' ')) marks.pop_back();
    return "        " + marks + "\n    0 |" + line + "| " + std::to_string(size - 1) + "\n";
}

std::string legend(const RingState& ring) {
    std::string text = "        # the card's   . the driver's";
    text += ring.head == ring.tail ? "   B head and tail" : "   H head   T tail   * both";
    const std::uint32_t slots = (ring.place.size + picture_width - 1) / picture_width;
    if (slots > 1) text += "   + mixed";
    if (slots > 1) text += "   " + std::to_string(slots) + " slots per mark";
    return text + "\n";
}

/// "500 to 511", "500"
std::string range(std::uint32_t first, std::uint32_t last) {
    return first == last ? std::to_string(first) : std::to_string(first) + " to " + std::to_string(last);
}

/// "slots 500 to 511, 0 to 11"
std::string slots(std::uint32_t first, std::uint32_t count, std::uint32_t size) {
    const std::uint32_t last = (first + count - 1) % size;
    if (last >= first) return (count == 1 ? "slot " : "slots ") + range(first, last);
    return "slots " + range(first, size - 1) + ", " + range(0, last);
}

std::string owners(const RingState& ring, const DmaSpace* space) {
    const std::uint32_t size = ring.place.size;
    const std::uint32_t held = ring.held();
    const bool receives = ring.place.registers.is_receive();
    std::string text;
    if (held != 0) {
        text += "  the card: " + slots(ring.head, held, size) + (receives ? ", to be filled\n" : ", to be sent\n");
    } else {
        text +=
            receives ? "  the card has no buffer: frames that arrive are lost\n" : "  the card has nothing to send\n";
    }
    text += "  the driver: " + slots(ring.tail, size - held, size);
    if (space == nullptr) return text + "\n";
    std::uint32_t done = 0;
    for (std::uint32_t i = 0; i < size - held; ++i) {
        done += read_descriptor(*space, ring.place, (ring.tail + i) % size).is_done() ? 1 : 0;
    }
    if (done == 0) return text + "; none has DD\n";
    return text + "; " + std::to_string(done) + (done == 1 ? " has" : " have") + " DD, " +
           (receives ? "filled" : "sent and reported") + "\n";
}

/// What is in the slots around `slot`.
std::string neighbours(const RingState& ring, const DmaSpace& space, std::uint32_t slot, std::string_view what) {
    const std::uint32_t size = ring.place.size;
    std::string text;
    for (std::uint32_t i = 0; i < 3; ++i) {
        const std::uint32_t at = (slot + size - 2 + i) % size;
        const Descriptor descriptor = read_descriptor(space, ring.place, at);
        if (descriptor.kind == nullptr) continue;
        text += (at == slot ? padded(what, 8) : std::string(8, ' ')) + descriptor_text(descriptor) + "\n";
    }
    return text;
}

}  // namespace

std::vector<RingState> read_rings(const Bar& registers, const datasheet::Chip& chip) {
    const auto read = [&registers](std::uint32_t offset) { return registers.load<std::uint32_t>(offset); };
    std::vector<RingState> rings;
    for (const RingRegisters& ring : rings_of(chip)) {
        const datasheet::RingBank& bank = *ring.bank;
        rings.push_back({.place = find_ring(chip, ring, read),
                         .head = read(ring.address(*bank.head)) & bank.head->writable,
                         .tail = read(ring.address(*bank.tail)) & bank.tail->writable,
                         .enabled = is_enabled(chip, ring, read)});
    }
    return rings;
}

std::string draw(const RingState& ring, const DmaSpace* space) {
    const RingRegisters& registers = ring.place.registers;
    const datasheet::RingBank& bank = *registers.bank;
    const std::uint32_t size = ring.place.size;
    std::string text = registers.name();
    if (size == 0) return text + ": not set up, " + register_name(*bank.length, registers.index) + " is 0\n";
    text += " at " + hex(ring.place.base.value) + ": " + plural(size, "descriptor") + ", the ";
    text += std::string(bank.is_receive ? "receiver" : "transmitter") + (ring.enabled ? " is on\n" : " is off\n");
    text += "  " + register_name(*bank.head, registers.index) + " " + std::to_string(ring.head) + ", ";
    text += register_name(*bank.tail, registers.index) + " " + std::to_string(ring.tail);
    if (!ring.is_sound()) return text + ": beyond the ring\n";
    text +=
        ": the card has " + std::to_string(ring.held()) + ", the driver " + std::to_string(size - ring.held()) + "\n";
    if (space != nullptr && read_descriptor(*space, ring.place, ring.head).kind == nullptr) space = nullptr;
    text += picture(ring) + legend(ring) + owners(ring, space);
    if (space == nullptr) return text;
    text += neighbours(ring, *space, ring.head, "  head");
    return ring.head == ring.tail ? text : text + neighbours(ring, *space, ring.tail, "  tail");
}

std::string draw_rings(PciFunction& function) {
    const PciIdentity& identity = function.identity();
    const datasheet::Chip* const chip = datasheet::find_chip(identity.vendor, identity.device);
    const std::string address(function.address());
    if (chip == nullptr) return address + ": this card's rings are unknown\n";
    const auto registers = function.map_bar(0, 0);
    if (!registers) return registers.error().text() + "\n";
    std::string text = address + ", " + std::string(chip->name) + "\n";
    for (const RingState& ring : read_rings(*registers, *chip)) text += draw(ring, function.dma_space().get());
    return text;
}

void print_rings(PciFunction& function) {
    const std::string text = draw_rings(function);
    if (const auto sink = open_sink({})) (*sink)->print(text);
}

}  // namespace ixy::explain
