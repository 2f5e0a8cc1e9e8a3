// The probe card's registers.
#include "probe_card.hpp"

#include <cstdio>
#include <cstring>

namespace ixy::sim {

ProbeModel* probe = nullptr;

namespace {

std::string described(const char* what, unsigned bar, std::uint64_t offset, unsigned width) {
    char text[64];
    std::snprintf(text, sizeof text, "%s %u:0x%llx/%u", what, bar, static_cast<unsigned long long>(offset), width);
    return text;
}

std::unique_ptr<Model> make(Host& host, const ModelOptions&) { return std::make_unique<ProbeModel>(host); }

constexpr PciIdentity identity{.vendor = 0x1234, .device = 0x5678, .class_code = 0x020000};
constexpr BarLayout registers{.kind = BarLayout::Kind::memory, .size = 4096};
constexpr BarLayout ports{.kind = BarLayout::Kind::io, .size = 64};
constexpr BarLayout table{.kind = BarLayout::Kind::memory, .size = 0x4000};

}  // namespace

const CardType probe_card{.name = "probe",
                          .title = "a card for tests",
                          .identity = identity,
                          .bars = {registers, {}, ports, table, {}, {}},
                          .express = true,
                          .msi = true,
                          .msi_x = 4,
                          .msi_x_bar = 3,
                          .make = make};
const CardType plain_probe_card{
    .name = "plain", .title = "a card for tests", .identity = identity, .bars = {registers}, .make = make};

ProbeModel::ProbeModel(Host& host) : host_(host) { probe = this; }
ProbeModel::~ProbeModel() { probe = nullptr; }

std::uint64_t ProbeModel::read(unsigned bar, std::uint64_t offset, unsigned width) {
    accesses.push_back(described("read", bar, offset, width));
    std::uint64_t value = 0;
    std::memcpy(&value, memory_.data() + offset, width);
    return value;
}

void ProbeModel::write(unsigned bar, std::uint64_t offset, unsigned width, std::uint64_t value) {
    char shown[32];
    std::snprintf(shown, sizeof shown, "=0x%llx", static_cast<unsigned long long>(value));
    accesses.push_back(described("write", bar, offset, width) + shown);
    std::memcpy(memory_.data() + offset, &value, width);
    std::uint64_t target = 0;
    std::memcpy(&target, memory_.data() + address, sizeof target);
    const auto remember = [this](bool success) { memory_[succeeded] = std::byte{success}; };
    switch (offset) {
        case write_memory:
            remember(host_.write(IoAddress{target}, std::vector(value, std::byte{0x5a})));
            break;
        case read_memory:
            remember(host_.read(IoAddress{target}, std::span(memory_).subspan(read_memory, 8)));
            break;
        case interrupt_line:
            host_.set_interrupt(value != 0);
            break;
        case message:
            host_.send_message(static_cast<unsigned>(value));
            break;
        case send_frame:
            host_.send(std::vector(value, std::byte{0x77}));
            break;
        case room:
            room_ = value;
            break;
        default:
            break;
    }
}

void ProbeModel::receive(std::span<const std::byte>, bool) {
    --room_;
    std::uint32_t count = 0;
    std::memcpy(&count, memory_.data() + received, sizeof count);
    ++count;
    std::memcpy(memory_.data() + received, &count, sizeof count);
}

void ProbeModel::timer(unsigned) { host_.set_interrupt(true); }

}  // namespace ixy::sim
