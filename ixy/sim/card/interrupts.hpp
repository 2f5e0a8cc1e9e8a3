// How a card's interrupts leave it: through the INTx line, MSI, or MSI-X messages with their masks and pending bits;
// and where they arrive: in event files, as with VFIO. PCI Local Bus Specification 3.0, 6.8.
//
// Masks. mask() masks a vector. An MSI-X vector is also masked by the function mask and by its mask bit in the table,
// once the driver has written that bit: QEMU, if it is in between, keeps the table to itself, so ours is never written
// although the guest has unmasked the vector. Interrupts stay pending while their vector is masked or has no event
// file, and while bus mastering is off.
#pragma once

#include <cstdint>
#include <vector>

#include <ixy/core/error.hpp>
#include <ixy/sim/card/config_space.hpp>

namespace ixy::sim {

/// Thread rule: one at a time (a card's lanes, or one and its world's lock).
class Interrupts {
public:
    Interrupts(const CardType& type, ConfigSpace& config);

    // from the model
    void set_line(bool asserted);
    void send_message(unsigned vector);
    // from configuration space, when enable or mask bits have changed
    void update();
    /// Resets the card's side: the line falls, tables are as after power-on. Event files and mask() stay.
    void reset();

    // the MSI-X BAR: table (16 bytes a vector: address, data, vector control) and pending bits
    std::uint64_t read_table(std::uint64_t offset, unsigned width) const;
    void write_table(std::uint64_t offset, unsigned width, std::uint64_t value);

    // from the driver's side; see Card
    Expected<> set_event_file(InterruptKind kind, unsigned vector, int event_file);
    Expected<> mask(InterruptKind kind, unsigned vector, bool masked);
    Expected<> trigger(InterruptKind kind, unsigned vector);

private:
    struct Vector {
        int event_file = -1;
        bool masked = false;         ///< by mask(), or because the legacy interrupt masks itself
        bool pending = false;        ///< arrived while it was masked
        bool table_written = false;  ///< the driver has written its mask bit in the table, which counts from then on
    };
    Expected<Vector*> find(InterruptKind kind, unsigned vector);
    bool masked_in_table(const Vector& vector) const;
    void deliver_line();
    void deliver_messages();

    const CardType& type_;
    ConfigSpace& config_;
    bool line_ = false;
    Vector intx_;
    Vector msi_;
    std::vector<Vector> msi_x_;
    std::vector<std::uint32_t> table_;  ///< four words a vector
};

}  // namespace ixy::sim
