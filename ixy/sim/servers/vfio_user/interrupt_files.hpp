// The client's event files, to which the card's interrupts go: VFIO_USER_DEVICE_GET_IRQ_INFO and _SET_IRQS.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <ixy/sim/card/card.hpp>
#include <ixy/sim/servers/vfio_user/message.hpp>

namespace ixy::sim::vfio_user {

/// Thread rule: one thread.
class InterruptFiles {
public:
    explicit InterruptFiles(Card& card);
    ~InterruptFiles() { clear(); }
    InterruptFiles(const InterruptFiles&) = delete;
    InterruptFiles& operator=(const InterruptFiles&) = delete;

    /// Errors: EINVAL.
    Reply info(const Message& request) const;
    /// Takes ownership of the request's files. Errors: EINVAL, also for files that are not eventfds: writing to
    /// anything else could block; see event_file.hpp.
    Reply set(Message& request);
    void clear();

    /// An eventfd with which the client unmasks the legacy interrupt, or -1; when it is readable, call unmask().
    int unmask_file() const { return unmask_.get(); }
    void unmask();

private:
    std::uint32_t count(std::uint32_t index) const;
    bool is_sound(const IrqSet& request, const Message& message) const;
    Reply carry_out(const IrqSet& request, std::span<const std::byte> wanted, std::vector<File>& files);
    void assign(std::uint32_t index, std::uint32_t vector, File file);
    void disable(std::uint32_t index);

    Card& card_;
    std::array<std::vector<File>, irq_count> files_;  ///< by kind and vector
    File unmask_;
};

}  // namespace ixy::sim::vfio_user
