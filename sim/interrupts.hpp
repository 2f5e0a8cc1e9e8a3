// How a card's interrupts leave it: by the line INTx, by MSI, or by MSI-X messages with their masks and pending bits;
// and where they arrive: event files, as VFIO has them. PCI Local Bus Specification 3.0, 6.8.
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
        bool masked = false;   ///< by mask()
        bool pending = false;  ///< came while it was masked
    };
    Expected<Vector*> find(InterruptKind kind, unsigned vector);
    void fire(Vector& vector);

    const CardType& type_;
    ConfigSpace& config_;
    bool line_ = false;
    Vector intx_;
    Vector msi_;
    std::vector<Vector> msi_x_;
    std::vector<std::uint32_t> table_;  ///< four words a vector
};

}  // namespace ixy::sim
