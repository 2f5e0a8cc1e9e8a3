// A card that immediately does what is written to its registers, so that tests see what the server forwards.
#pragma once

#include <string>
#include <vector>

#include <ixy/sim/chips/model.hpp>

namespace ixy::sim {

/// BAR 0: memory, 4 KiB, below; BAR 2: I/O, 64 bytes; BAR 3: the MSI-X table. Locations without a meaning read back
/// what was written.
class ProbeModel final : public Model {
public:
    enum Register : std::uint64_t {
        address = 0x100,         ///< for DMA, 64 bits
        write_memory = 0x108,    ///< written: stores that many bytes of 0x5a at `address`
        read_memory = 0x110,     ///< written: loads 8 bytes from `address`; read: these bytes
        succeeded = 0x118,       ///< the last DMA: 1 or 0
        interrupt_line = 0x120,  ///< written: the level
        message = 0x124,         ///< written: vector
        send_frame = 0x128,      ///< written: length
        received = 0x12c,        ///< frames so far
        room = 0x130,            ///< frames that may still be received
    };
    explicit ProbeModel(Host& host);
    ~ProbeModel() override;

    /// Accesses to BARs in order: "write 0:0x10/4=0x1234", and likewise for reads.
    std::vector<std::string> accesses;
    std::vector<ResetKind> resets;

    std::uint64_t read(unsigned bar, std::uint64_t offset, unsigned width) override;
    void write(unsigned bar, std::uint64_t offset, unsigned width, std::uint64_t value) override;
    bool can_receive() const override { return room_ > 0; }
    void receive(std::span<const std::byte> frame, bool damaged) override;
    void set_cable(bool) override {}
    void timer(unsigned timer) override;
    void reset(ResetKind kind) override { resets.push_back(kind); }

private:
    Host& host_;
    std::vector<std::byte> memory_ = std::vector<std::byte>(4096);
    std::uint64_t room_ = 0;
};

/// The most recently created one.
extern ProbeModel* probe;
/// PCI Express, MSI, four MSI-X vectors.
extern const CardType probe_card;
/// Conventional PCI, only the legacy interrupt.
extern const CardType plain_probe_card;

}  // namespace ixy::sim
