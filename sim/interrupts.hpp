// How a card's interrupts leave it: by the line INTx, by MSI, or by MSI-X messages with their masks and pending bits;
// and where they arrive: event files, as VFIO has them. PCI Local Bus Specification 3.0, 6.8.
//
// Masks. A vector is masked by mask(); an MSI-X vector also by the function mask and by its mask bit in the table, once
// the driver has written that bit: where QEMU stands between, it keeps the table to itself and ours is never written,
// although the guest has unmasked the vector. What comes while a vector is masked or has no event file, or while bus
// mastering is off, is kept pending.
#pragma once

#include <cstdint>
#include <vector>

#include <ixy/core/error.hpp>
#include <ixy/sim/config_space.hpp>

namespace ixy::sim {

/// Thread rule: one at a time (a card's lock).
class Interrupts {
public:
    Interrupts(const CardType& type, ConfigSpace& config);

    // from the model
    void set_line(bool asserted);
    void send_message(unsigned vector);
    // from configuration space: enable or mask bits have changed
    void update();
    /// The card's side of it: the line falls, tables are as after power-on. Event files and mask() stay.
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
        bool masked = false;         ///< by mask(), or as the legacy interrupt masks itself
        bool pending = false;        ///< came while it was masked
        bool table_written = false;  ///< its mask bit in the table is in force
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
