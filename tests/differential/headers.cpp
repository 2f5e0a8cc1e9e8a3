// Headers, with checksums computed the simple way: RFC 1071, byte by byte.
#include "tests/differential/headers.hpp"

#include <span>

#include "tests/differential/script.hpp"

namespace ixy::test {

using namespace datasheet::e1000;

namespace {

std::size_t ones_sum(std::span<const std::byte> bytes, std::size_t sum = 0) {
    for (std::size_t i = 0; i < bytes.size(); ++i)
        sum += std::to_integer<std::size_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

}  // namespace

void put16(std::vector<std::byte>& bytes, std::size_t at, std::size_t value) {
    bytes.at(at) = static_cast<std::byte>(value >> 8);
    bytes.at(at + 1) = static_cast<std::byte>(value);
}

Headers Headers::make(const Shape& shape, std::uint32_t seed) {
    Headers made{.bytes = {}, .version_4 = shape.version_4, .tcp = shape.tcp};
    made.l4 = made.ip + (made.version_4 ? 20 + shape.options : 40);
    const std::size_t size = made.l4 + (made.tcp ? 20U : 8U);
    auto& bytes = made.bytes;
    bytes = make_bytes(size, seed, std::vector<std::byte>(6, std::byte{0x02}));
    const auto protocol = std::byte{made.tcp ? std::uint8_t{6} : std::uint8_t{17}};
    if (made.version_4) {
        put16(bytes, 12, 0x0800);
        bytes[made.ip] = static_cast<std::byte>(0x45 + shape.options / 4);
        put16(bytes, made.ip + 2, size - made.ip + shape.payload);
        put16(bytes, made.ip + 6, 0x4000);  // no fragment
        bytes[made.ip + 9] = protocol;
        put16(bytes, made.ip + 10, 0);
    } else {
        put16(bytes, 12, 0x86dd);
        bytes[made.ip] = std::byte{0x60};
        put16(bytes, made.ip + 4, size - made.l4 + shape.payload);
        bytes[made.ip + 6] = protocol;
    }
    if (made.tcp) bytes[made.l4 + 12] = std::byte{0x50};
    if (!made.tcp) put16(bytes, made.l4 + 4, size - made.l4 + shape.payload);
    const auto addresses = std::span(bytes).subspan(made.ip + (made.version_4 ? 12 : 8), made.version_4 ? 8 : 32);
    const std::size_t length = shape.segmented ? 0 : size - made.l4 + shape.payload;
    put16(bytes, made.l4_checksum(), ones_sum(addresses, length + std::to_integer<std::size_t>(protocol)));
    return made;
}

void Headers::finish(const std::vector<std::byte>& payload) {
    if (version_4) put16(bytes, ip + 10, ~ones_sum(std::span(bytes).subspan(ip, l4 - ip)));
    const std::size_t sum = ~ones_sum(payload, ones_sum(std::span(bytes).subspan(l4))) & 0xffff;
    put16(bytes, l4_checksum(), sum == 0 ? 0xffff : sum);
}

ContextDescriptor Headers::context() const {
    auto command = CONTEXT_CMD.DEXT | CONTEXT_CMD.DTYP(0);
    if (tcp) command |= CONTEXT_CMD.TCP;
    if (version_4) command |= CONTEXT_CMD.IP;
    return {.ip = CONTEXT_IP.IPCSS(ip) | CONTEXT_IP.IPCSO(ip + 10) | CONTEXT_IP.IPCSE(l4 - 1),
            .tcp = CONTEXT_TCP.TUCSS(l4) | CONTEXT_TCP.TUCSO(l4_checksum()) | CONTEXT_TCP.TUCSE(0),
            .command = command,
            .status = {}};
}

}  // namespace ixy::test
