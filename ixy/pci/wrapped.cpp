// Putting a backend around each BAR of a function, and passing accesses on.
#include <ixy/pci/wrapped.hpp>

namespace ixy {

Expected<Bar> WrappedFunction::map_bar(unsigned index, std::size_t least) {
    auto bar = inner_->map_bar(index, least);
    if (!bar || !wrap_) return bar;
    auto& backend = backends_.at(index);
    if (!backend) backend = wrap_(index, *bar);
    return bar->through(*backend);
}

std::uint64_t read_bar(const Bar& bar, std::uint64_t offset, unsigned width, const std::source_location& where) {
    switch (width) {
        case 1:
            return bar.load<std::uint8_t>(offset, where);
        case 2:
            return bar.load<std::uint16_t>(offset, where);
        case 4:
            return bar.load<std::uint32_t>(offset, where);
        default:
            return bar.load<std::uint64_t>(offset, where);
    }
}

void write_bar(const Bar& bar, std::uint64_t offset, unsigned width, std::uint64_t value,
               const std::source_location& where) {
    switch (width) {
        case 1:
            return bar.store(offset, static_cast<std::uint8_t>(value), where);
        case 2:
            return bar.store(offset, static_cast<std::uint16_t>(value), where);
        case 4:
            return bar.store(offset, static_cast<std::uint32_t>(value), where);
        default:
            return bar.store(offset, value, where);
    }
}

}  // namespace ixy
