// From the chip's line and messages to event files.
#include <ixy/sim/card/interrupts.hpp>

#include <string>

#include <ixy/sim/card/event_file.hpp>

namespace ixy::sim {
namespace {

// A table entry: message address (low, high), data, vector control, whose bit 0 masks. 6.8.2.6 to 6.8.2.9
constexpr std::size_t entry_words = 4, control_word = 3;
constexpr std::uint32_t control_mask = 1;

void fire(int event_file) {
    if (event_file >= 0) signal_event(event_file);
}

}  // namespace

Interrupts::Interrupts(const CardType& type, ConfigSpace& config)
    : type_(type), config_(config), msi_x_(type.msi_x), table_(type.msi_x * entry_words) {
    reset();
}

void Interrupts::reset() {
    line_ = false;
    config_.set_interrupt_status(false);
    msi_.pending = false;
    table_.assign(table_.size(), 0);
    for (std::size_t i = 0; i < msi_x_.size(); ++i) {
        msi_x_[i].pending = msi_x_[i].table_written = false;
        table_[i * entry_words + control_word] = control_mask;
    }
}

void Interrupts::set_line(bool asserted) {
    if (line_ == asserted) return;
    line_ = asserted;
    config_.set_interrupt_status(asserted);
    // One message each time the line rises, and one when MSI is enabled while the line is up: otherwise that interrupt
    // would be lost.
    if (asserted || !config_.msi_enabled()) msi_.pending = asserted;
    update();
}

void Interrupts::send_message(unsigned vector) {
    if (vector >= msi_x_.size() || !config_.msi_x_enabled()) return;
    msi_x_[vector].pending = true;
    deliver_messages();
}

void Interrupts::update() {
    deliver_line();
    deliver_messages();
}

/// A level: it lasts as long as the card asserts it, and its receiver must unmask it to get the next one.
void Interrupts::deliver_line() {
    const bool by_message = config_.msi_enabled() || config_.msi_x_enabled();
    if (!line_ || by_message || config_.intx_disabled() || intx_.masked || intx_.event_file < 0) return;
    intx_.masked = true;
    fire(intx_.event_file);
}

void Interrupts::deliver_messages() {
    const auto deliver = [](Vector& vector) {
        if (!vector.pending || vector.masked || vector.event_file < 0) return;
        vector.pending = false;
        fire(vector.event_file);
    };
    if (!config_.bus_master()) return;  // a message is a write to memory. 6.8.1.3 and 6.2.2, bit 2
    if (config_.msi_enabled()) deliver(msi_);
    if (!config_.msi_x_enabled() || config_.msi_x_masked()) return;
    for (Vector& vector : msi_x_) {
        if (!masked_in_table(vector)) deliver(vector);
    }
}

bool Interrupts::masked_in_table(const Vector& vector) const {
    const auto index = static_cast<std::size_t>(&vector - msi_x_.data());
    return vector.table_written && (table_[index * entry_words + control_word] & control_mask) != 0;
}

std::uint64_t Interrupts::read_table(std::uint64_t offset, unsigned width) const {
    if (width == 8) return read_table(offset, 4) | read_table(offset + 4, 4) << 32;
    const std::uint64_t word = offset / 4, pending_word = (offset - type_.msi_x_pending) / 4;
    std::uint32_t value = 0;
    if (word < table_.size()) {
        value = table_[word];
    } else if (offset >= type_.msi_x_pending) {  // one bit a vector, 6.8.2.10
        for (std::size_t i = pending_word * 32; i < msi_x_.size() && i < pending_word * 32 + 32; ++i) {
            value |= std::uint32_t{msi_x_[i].pending} << i % 32;
        }
    }
    const std::uint64_t mask = (std::uint64_t{1} << 8 * width) - 1;
    return value >> 8 * (offset % 4) & mask;
}

/// Only whole words may be written; the effect of anything else is undefined, and here there is none. 6.8.2
void Interrupts::write_table(std::uint64_t offset, unsigned width, std::uint64_t value) {
    if (width == 8) {
        write_table(offset, 4, value & ~0U);
        write_table(offset + 4, 4, value >> 32);
        return;
    }
    const std::uint64_t word = offset / 4;
    if (width != 4 || offset % 4 != 0 || word >= table_.size()) return;
    const bool is_control = word % entry_words == control_word;
    table_[word] = static_cast<std::uint32_t>(value) & (is_control ? control_mask : ~0U);
    if (!is_control) return;
    msi_x_[word / entry_words].table_written = true;
    deliver_messages();
}

Expected<Interrupts::Vector*> Interrupts::find(InterruptKind kind, unsigned vector) {
    if (kind == InterruptKind::legacy && vector == 0) return &intx_;
    if (kind == InterruptKind::msi && vector == 0 && type_.msi) return &msi_;
    if (kind == InterruptKind::msi_x && vector < msi_x_.size()) return &msi_x_[vector];
    constexpr const char* names[] = {"INTx", "MSI", "MSI-X"};
    return failure(ErrorKind::invalid_argument, std::string(type_.name) + " has no " +
                                                    names[static_cast<std::size_t>(kind)] + " interrupt " +
                                                    std::to_string(vector));
}

Expected<> Interrupts::set_event_file(InterruptKind kind, unsigned vector, int event_file) {
    const auto found = find(kind, vector);
    if (!found) return std::unexpected(found.error());
    (*found)->event_file = event_file;
    if (kind == InterruptKind::legacy) (*found)->masked = false;  // a new listener has not seen one yet
    update();
    return {};
}

Expected<> Interrupts::mask(InterruptKind kind, unsigned vector, bool masked) {
    const auto found = find(kind, vector);
    if (!found) return std::unexpected(found.error());
    (*found)->masked = masked;
    update();
    return {};
}

Expected<> Interrupts::trigger(InterruptKind kind, unsigned vector) {
    const auto found = find(kind, vector);
    if (!found) return std::unexpected(found.error());
    fire((*found)->event_file);
    return {};
}

}  // namespace ixy::sim
