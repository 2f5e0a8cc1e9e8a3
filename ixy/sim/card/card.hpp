// A software PCI function: the host of a chip's model.
//
//                    ┌────────────────────────── Card ──────────────────────────┐
//   config_read ────▶│ ConfigSpace (BARs, capabilities)                         │
//   bar_read    ────▶│ Lanes ─▶ Model (chips/e1000, …) ─▶ Iommu ──▶ memory       │
//   event files ◀────│ Interrupts (INTx, MSI, MSI-X)     Wire  ──▶ the other end│
//                    └──────────────────────────────────────────────────────────┘
// One of two things drives it: SimFunction (function.hpp) for a driver in this process, or the vfio-user server for a
// driver in a virtual machine.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <ixy/core/error.hpp>
#include <ixy/sim/card/clock.hpp>
#include <ixy/sim/card/config_space.hpp>
#include <ixy/sim/card/interrupts.hpp>
#include <ixy/sim/card/iommu.hpp>
#include <ixy/sim/card/lanes.hpp>
#include <ixy/sim/card/report.hpp>
#include <ixy/sim/chips/model.hpp>
#include <ixy/sim/wires/wire.hpp>

namespace ixy::sim {

struct CardOptions {
    std::string name;  ///< in reports; empty: the type's
    ModelOptions model;
    /// True: frames wait on the wire, where it can hold them, until the chip has room. False: the chip loses them, as
    /// on a real cable.
    bool hold = true;
    std::shared_ptr<Clock> clock;         ///< null: RealClock::shared()
    std::shared_ptr<ReportSink> reports;  ///< null: reports are discarded
    /// Wraps the host that the model sees, e.g. in one that loses write-backs. Null: no wrapper.
    std::unique_ptr<Host> (*wrap)(Host& host, void* context) = nullptr;
    void* wrap_context = nullptr;
};

/// Thread rule: any thread, at any time. The model runs in the calling thread. A card whose type has one lane has one
/// lock inside. With several, threads that access registers of different lanes (Model::lane()) run at the same time;
/// every other call is alone in the card.
class Card final : public Timed, private Host {
public:
    Card(const CardType& type, std::unique_ptr<Wire> wire, CardOptions options = {});
    ~Card() override;
    Card(const Card&) = delete;
    Card& operator=(const Card&) = delete;

    const CardType& type() const { return type_; }
    const std::string& card_name() const { return options_.name; }
    Clock& clock() const { return *options_.clock; }
    std::size_t config_size() const { return type_.express ? 4096 : 256; }

    // --- the driver's side ---
    /// `width` is 1, 2 or 4, `offset` a multiple of it, below config_size().
    std::uint32_t config_read(std::uint32_t offset, unsigned width);
    void config_write(std::uint32_t offset, unsigned width, std::uint32_t value);
    /// Offset in configuration space of the capability with that id, or 0.
    std::uint32_t capability(std::uint8_t id) const { return config_.capability(id); }
    /// `width` is 1, 2, 4 or 8. Reads return all ones and writes do nothing beyond the BAR, while the command register
    /// has memory (I/O) access off, and while the function sleeps (D3hot).
    std::uint64_t bar_read(unsigned bar, std::uint64_t offset, unsigned width);
    void bar_write(unsigned bar, std::uint64_t offset, unsigned width, std::uint64_t value);
    /// Function-level reset by the slot's owner: resets configuration space and the chip, but keeps the mappings.
    void reset();

    /// Maps memory for the card's DMA; see Iommu. Once unmap() returns, the card no longer touches the memory.
    Expected<> map(IoAddress address, std::span<std::byte> memory, Iommu::Access access = Iommu::Access::both);
    Expected<> unmap(IoAddress address, std::size_t bytes);
    void unmap_all();
    void on_dma_miss(std::function<bool(Iommu&, IoAddress)> ask);
    /// The mapped memory at that address, which the card may read; empty unless all of it is mapped. For observers: it
    /// must not be unmapped meanwhile.
    std::span<std::byte> memory_at(IoAddress address, std::size_t bytes);
    /// Copies mapped memory, which cannot be unmapped meanwhile. Returns false unless all of it is mapped.
    bool copy_memory(IoAddress address, std::span<std::byte> to);

    /// Makes vector `vector` of `kind` write to `event_file` (an eventfd that the caller owns and keeps open), or to
    /// none when it is -1. Errors: invalid_argument (no such vector).
    Expected<> set_event_file(InterruptKind kind, unsigned vector, int event_file);
    /// Masks a vector by hand, as VFIO does. The legacy interrupt masks itself when it fires; unmasking it fires it
    /// again at once if the line is still asserted. Errors: invalid_argument.
    Expected<> mask_interrupt(InterruptKind kind, unsigned vector, bool masked);
    /// Fires the vector as if the card had done so: VFIO's loopback test.
    Expected<> trigger_interrupt(InterruptKind kind, unsigned vector);

    // --- the world's side ---
    void set_cable(bool plugged);
    /// Handles what is due: timers that have expired, frames that have arrived. Never waits for anything but locks.
    /// While one thread serves, others leave the work to it; if they keep it busy for long, it leaves the rest to the
    /// thread that on_earlier() wakes.
    void service() override;
    /// The same, but all expired timers have run when it returns, even if another thread is in service().
    void catch_up();
    /// When service() is next due by the clock; empty: only after something else happens.
    std::optional<Time> next_time() const override;
    /// A file that becomes readable when service() is due because of the wire, or -1. It stays quiet about arrivals
    /// while the card has no room for them.
    int wire_file() const { return held_back_ ? wire_->sending_file() : wire_->file(); }
    /// `wake` is called, from any thread and with a lock held, when next_time() has moved earlier or wire_file() has
    /// changed. For a thread that sleeps until then.
    void on_earlier(std::function<void()> wake);
    std::uint64_t frames_lost_on_wire() const { return wire_->lost(); }
    /// Frames that the wire's other end has yet to take; they are lost if it never does.
    std::size_t frames_waiting_on_wire() const;
    /// True when the wire is a cable inside this process whose other end has no card.
    bool other_end_is_missing() const { return wire_->other_end_is_missing(); }
    bool loops_back() const { return wire_->loops_back(); }
    /// Writes what the wire still buffers. Errors: why it lost frames, such as a full disk behind it.
    Expected<> finish_wire();
    /// Whether frames stay in the transmit ring because the wire is busy.
    bool waits_for_wire() const;
    std::uint64_t dma_faults() const { return dma_faults_; }

private:
    // Host
    bool read(IoAddress from, std::span<std::byte> to) override;
    bool write(IoAddress to, std::span<const std::byte> from) override;
    bool write_back(IoAddress to, std::span<const std::byte> from, std::size_t last) override;
    void set_interrupt(bool asserted) override;
    bool messages_enabled() const override;
    void send_message(unsigned vector) override;
    void send(std::span<const std::byte> frame) override;
    bool can_send() override;
    Time now() const override;
    void schedule(unsigned timer, std::optional<Time> when) override;
    void report(Misuse kind, std::string text) override;

    static constexpr unsigned timer_count = 32;
    static constexpr Time never = Time::max();
    class Turn;

    bool may_transfer(IoAddress address, std::size_t bytes);
    bool refuse(IoAddress address, std::size_t bytes, Iommu::Access access);
    template <class Copy>
    bool transfer(IoAddress address, std::size_t bytes, Iommu::Access access, Copy copy);
    template <class Copy>
    bool transfer_in_pieces(IoAddress address, std::size_t bytes, Iommu::Access access, Copy copy);
    bool decodes(unsigned bar, std::uint64_t offset, unsigned width) const;
    unsigned lane_of(unsigned bar, std::uint64_t offset) const;
    bool serves_msi_x(unsigned bar) const { return type_.msi_x != 0 && bar == type_.msi_x_bar; }
    void carry_out_reset();
    void run_timers();
    bool serve_some();
    bool hand_over();
    bool is_ready_for_frames() const;
    void offer_held_back();
    Time next_due() const;
    void tell_outside(bool sent);
    Time wire_time();

    const CardType& type_;
    CardOptions options_;
    std::unique_ptr<Wire> wire_;
    const bool frames_can_wait_;
    std::unique_ptr<Host> wrapped_;
    mutable Lanes lanes_;  ///< guards everything below except the atomics
    // Changed by whoever has all lanes.
    ConfigSpace config_;  ///< its status bits: the world's
    Iommu iommu_;
    std::function<void()> wake_;
    Turn* whole_ = nullptr;  ///< the turn of whoever has all lanes
    bool plugged_ = true;
    bool left_over_ = false;               ///< service() has not finished
    std::atomic<bool> held_back_ = false;  ///< a frame waits outside because the card has no room
    // The world's: changed by whoever has all lanes, or one and the world's lock. The wire belongs here, too.
    alignas(64) Interrupts interrupts_;
    std::array<Time, timer_count> timers_;
    Time earliest_timer_ = never;  ///< no timer is due before this
    Time woken_for_ = never;       ///< the deadline that the sleeping thread knows
    Time wire_time_{};             ///< when the wire was last used
    bool sender_waits_ = false;    ///< the wire was busy when the model wanted to send
    // Changed at any time.
    std::atomic<std::uint32_t> calls_ = 0;  ///< of service(), since it was last idle
    std::atomic<std::uint64_t> dma_faults_ = 0;

    alignas(64) std::unique_ptr<Model> model_;  ///< last: its constructor may use all of the above
};

}  // namespace ixy::sim
