// What works the same way for every PCI function, however it is reached. PCI Local Bus Specification 3.0, chapter 6.
#include <ixy/pci/function.hpp>

#include <string>
#include <thread>

namespace ixy {

Expected<> PciFunction::set_bus_master(bool on) {
    const auto command = config_read(pci_config::command, 2);
    if (!command) return std::unexpected(command.error());
    if (*command == 0xffff) {
        return failure(ErrorKind::device_failed,
                       std::string(address()) + " is gone: its command register reads as all ones");
    }
    const std::uint32_t wanted =
        on ? *command | pci_config::command_bus_master : *command & ~pci_config::command_bus_master;
    const auto written = config_write(pci_config::command, 2, wanted);
    // Everything the card sent before the write arrives before the answer to this read. 3.2.5 (transaction ordering)
    if (written && !on) (void)config_read(pci_config::command, 2);
    return written;
}

Expected<std::vector<Interrupt>> PciFunction::enable_interrupts(InterruptKind, std::size_t) {
    return failure(ErrorKind::unsupported, std::string(address()) + " cannot deliver interrupts this way", "poll it");
}

Expected<> PciFunction::unmask_interrupt(std::size_t) {
    return failure(ErrorKind::unsupported, std::string(address()) + " cannot deliver interrupts this way", "poll it");
}

Expected<> PciFunction::reset() {
    return failure(ErrorKind::unsupported, std::string(address()) + " has no function-level reset that we can reach");
}

void PciFunction::wait(std::chrono::nanoseconds duration) { std::this_thread::sleep_for(duration); }

}  // namespace ixy
