// A software PCI function: the host of a chip's model.
//
//                    ┌────────────────────────── Card ──────────────────────────┐
//   config_read ────▶│ ConfigSpace (BARs, capabilities)                         │
//   bar_read    ────▶│ lock ──▶ Model (sim/e1000, …) ──▶ Iommu ──▶ memory       │
//   event files ◀────│ Interrupts (INTx, MSI, MSI-X)     Wire  ──▶ the other end│
//                    └──────────────────────────────────────────────────────────┘
// Who drives it is one of two: SimFunction (function.hpp), for a driver in this process, or the vfio-user server, for a
// driver in a virtual machine.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <ixy/core/error.hpp>
#include <ixy/sim/clock.hpp>
#include <ixy/sim/config_space.hpp>
#include <ixy/sim/interrupts.hpp>
#include <ixy/sim/iommu.hpp>
#include <ixy/sim/model.hpp>
#include <ixy/sim/report.hpp>
#include <ixy/sim/wire.hpp>

namespace ixy::sim {

struct CardOptions {
    std::string name;  ///< in reports; empty: the type's
    ModelOptions model;
    /// Frames that the chip has no room for wait on a wire that can let them; else they are lost, as on a real cable.
    bool hold = true;
    std::shared_ptr<Clock> clock;         ///< null: RealClock::shared()
    std::shared_ptr<ReportSink> reports;  ///< null: nobody listens
    /// Makes the host that the model sees around the card's own, e.g. one that loses write-backs. Null: the card's own.
    std::unique_ptr<Host> (*wrap)(Host& host, void* context) = nullptr;
    void* wrap_context = nullptr;
};

/// Thread rule: any thread, at any time; one lock inside. The model runs in the thread that calls.
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
    /// Where the capability with that id begins in configuration space, or 0.
    std::uint32_t capability(std::uint8_t id) const { return config_.capability(id); }
    /// `width` is 1, 2, 4 or 8. Reads all ones, and does nothing, where the BAR has nothing or memory (I/O) access is
    /// switched off in the command register, or the function sleeps (D3hot).
    std::uint64_t bar_read(unsigned bar, std::uint64_t offset, unsigned width);
    void bar_write(unsigned bar, std::uint64_t offset, unsigned width, std::uint64_t value);
    /// Function-level reset by whoever owns the slot: configuration space and the chip, not the mappings.
    void reset();

    /// Maps memory for the card's DMA; see Iommu. When unmap() returns, the card does not touch the memory any more.
    Expected<> map(IoAddress address, std::span<std::byte> memory, Iommu::Access access = Iommu::Access::both);
    Expected<> unmap(IoAddress address, std::size_t bytes);
    void unmap_all();
    void on_dma_miss(std::function<bool(Iommu&, IoAddress)> ask);
    /// Memory that is mapped there and that the card may read; empty where not all of it is. For lookers-on: whoever
    /// maps must not unmap meanwhile.
    std::span<std::byte> memory_at(IoAddress address, std::size_t bytes);

    /// Vector `vector` of `kind` writes to `event_file` (an eventfd that the caller owns and keeps open), or to none
    /// when it is -1. Errors: invalid_argument (no such vector).
    Expected<> set_event_file(InterruptKind kind, unsigned vector, int event_file);
    /// Masks a vector by hand, as VFIO does. The legacy interrupt masks itself when it fires; letting it through again
    /// fires at once when the line is still asserted. Errors: invalid_argument.
    Expected<> mask_interrupt(InterruptKind kind, unsigned vector, bool masked);
    /// Fires it as if the card had: VFIO's loopback test.
    Expected<> trigger_interrupt(InterruptKind kind, unsigned vector);

    // --- the world's side ---
    void set_cable(bool plugged);
    /// Does what time and the wire have brought: timers that are due, frames that have arrived. Never waits for
    /// anything but the lock. While one thread does it, others leave it to that one; and when they keep that one busy
    /// for long, it leaves the rest to whoever on_earlier() wakes.
    void service() override;
    /// The same, and the timers that are due have run when it returns, also when another thread is in service().
    void catch_up();
    /// When service() is due next by the clock; empty: not before something happens.
    std::optional<Time> next_time() const override;
    /// A file that is readable when service() is due because of the wire, or -1. What has arrived is not told of while
    /// the card has no room for it.
    int wire_file() const { return held_back_ ? wire_->sending_file() : wire_->file(); }
    /// `wake` is called, from any thread with the lock held, when next_time() has come nearer or wire_file() has
    /// changed. For who sleeps until then.
    void on_earlier(std::function<void()> wake);
    std::uint64_t frames_lost_on_wire() const { return wire_->lost(); }
    /// Frames that the wire's other end has still to take; they are lost if it never does.
    std::size_t frames_waiting_on_wire() const;
    /// Whether frames stay in the transmit ring, since the wire is busy.
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
    bool decodes(unsigned bar, std::uint64_t offset, unsigned width) const;
    bool serves_msi_x(unsigned bar) const { return type_.msi_x != 0 && bar == type_.msi_x_bar; }
    void carry_out_reset();
    void run_timers();
    bool serve_some();
    bool hand_over();
    bool is_ready_for_frames() const;
    void offer_held_back();
    Time next_due() const;

    const CardType& type_;
    CardOptions options_;
    std::unique_ptr<Wire> wire_;
    const bool frames_can_wait_;
    std::unique_ptr<Host> wrapped_;
    mutable std::mutex mutex_;  ///< guards all below but the atomics
    ConfigSpace config_;
    Interrupts interrupts_;
    Iommu iommu_;
    std::array<Time, timer_count> timers_;
    Time earliest_timer_ = never;      ///< none is due before
    mutable std::optional<Time> now_;  ///< the clock was asked once in this turn
    std::function<void()> wake_;
    Time woken_for_ = never;  ///< whoever sleeps knows of this moment
    bool plugged_ = true;
    bool sent_ = false;                     ///< the wire is to be settled once the lock is free
    bool sender_waits_ = false;             ///< the wire was busy when the model wanted to send
    bool left_over_ = false;                ///< service() has not finished
    std::atomic<bool> held_back_ = false;   ///< a frame waits outside, since the card has no room
    std::atomic<std::uint32_t> calls_ = 0;  ///< of service(), since it was last idle
    std::atomic<std::uint64_t> dma_faults_ = 0;
    std::unique_ptr<Model> model_;  ///< last: its constructor may use all of the above
};

}  // namespace ixy::sim
