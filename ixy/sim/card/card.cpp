// The card's two sides: registers for the driver, time and frames for the world. A thread enters and leaves through
// Turn, with one lane or with all (lanes.hpp).
//
// Who may change what: configuration space, mappings, and whatever says "all lanes" in card.hpp, only a thread that has
// all lanes; so all others may read it. The wire, the timers and the interrupts are the world's: a thread in one lane
// also needs the world's lock, and one that has all lanes does not.
//
// Settling a wire calls into the card at its other end, so no lock is held meanwhile: two cards on one cable, each with
// its own thread, never wait for each other's lock while they hold their own.
#include <ixy/sim/card/card.hpp>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include <ixy/core/poison.hpp>

namespace ixy::sim {
namespace {

// How much service() does before it releases the lock, and before it releases its thread if it can.
constexpr unsigned frames_at_once = 64;
constexpr unsigned rounds_at_most = 16;
constexpr Time wire_retry = std::chrono::milliseconds(1);

constexpr std::uint64_t ones(unsigned width) { return ~std::uint64_t{0} >> (64 - 8 * width); }

}  // namespace

/// The time during which one thread has one lane of the card, or the whole card. At its end the sleeping thread learns
/// of new deadlines; then, with the locks released, the cable's other end learns of new frames.
class Card::Turn {
public:
    explicit Turn(Card& card, unsigned lane = 0) : card_(card), lane_(lane), new_deadline_(lane == 0) {
        card_.lanes_.enter(lane_);
        (lane_ == 0 ? card_.whole_ : in_lane_) = this;
    }
    ~Turn() {
        if (sent_ || new_deadline_) card_.tell_outside(sent_);
        (lane_ == 0 ? card_.whole_ : in_lane_) = nullptr;
        card_.lanes_.leave(lane_);
        if (sent_) card_.wire_->settle();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    /// The calling thread's turn with this card; null when it has none. While one thread has the whole card, no other
    /// can ask.
    static Turn* of(const Card& card) {
        if (card.whole_ != nullptr) [[likely]]
            return card.whole_;
        return in_lane_ != nullptr && &in_lane_->card_ == &card ? in_lane_ : nullptr;
    }
    /// The lane of that turn; 0 when there is none.
    static unsigned lane_in(const Card& card) {
        if (card.whole_ != nullptr) [[likely]]
            return 0;
        const Turn* const turn = of(card);
        return turn != nullptr ? turn->lane_ : 0;
    }
    /// Everything in one turn happens at the same moment.
    Time now() {
        if (!now_) now_ = card_.options_.clock->now();
        return *now_;
    }
    /// The wire must be announced, and settled once the locks are free.
    void mark_sent() { sent_ = true; }
    /// next_due() may be earlier than before.
    void mark_deadline() { new_deadline_ = true; }

private:
    static inline constinit thread_local Turn* in_lane_ = nullptr;  ///< this thread's turn in a queue's lane

    Card& card_;
    const unsigned lane_;
    std::optional<Time> now_;
    bool sent_ = false;
    bool new_deadline_;
};

Card::Card(const CardType& type, std::unique_ptr<Wire> wire, CardOptions options)
    : type_(type),
      options_(std::move(options)),
      wire_(std::move(wire)),
      frames_can_wait_(options_.hold && wire_->can_wait()),
      lanes_(type.lanes),
      config_(type),
      iommu_(type.lanes),
      interrupts_(type, config_) {
    timers_.fill(never);
    if (options_.name.empty()) options_.name = type.name;
    if (!options_.clock) options_.clock = RealClock::shared();
    Host* host = this;
    if (options_.wrap != nullptr) {
        wrapped_ = options_.wrap(*this, options_.wrap_context);
        host = wrapped_.get();
    }
    {
        const Turn turn(*this);
        model_ = type.make(*host, options_.model);
        model_->set_cable(true);
    }
    options_.clock->attach(*this);
    wire_->on_arrival([this] { service(); });
}

Card::~Card() {
    wire_->on_arrival(nullptr);
    options_.clock->detach(*this);
}

// --- the driver's side ---

std::uint32_t Card::config_read(std::uint32_t offset, unsigned width) {
    const Turn turn(*this);
    return config_.read(offset, width);
}

void Card::config_write(std::uint32_t offset, unsigned width, std::uint32_t value) {
    {
        const Turn turn(*this);
        if (config_.write(offset, width, value)) carry_out_reset();
        interrupts_.update();
    }
    offer_held_back();
}

void Card::reset() {
    {
        const Turn turn(*this);
        carry_out_reset();
    }
    offer_held_back();
}

void Card::carry_out_reset() {
    config_.reset();
    interrupts_.reset();
    timers_.fill(never);
    earliest_timer_ = never;
    model_->reset(ResetKind::function_level);
}

/// Whether the function responds at this address: PCI Local Bus Specification 3.0, 6.2.2 and 6.2.5.
bool Card::decodes(unsigned bar, std::uint64_t offset, unsigned width) const {
    if (bar >= type_.bars.size()) return false;
    const BarLayout& layout = type_.bars[bar];
    if (layout.kind == BarLayout::Kind::absent || offset >= layout.size || width > layout.size - offset) return false;
    return layout.kind == BarLayout::Kind::io ? config_.io_enabled() && width <= 4 : config_.memory_enabled();
}

/// The lane whose lock this access needs. The MSI-X table is nobody's.
unsigned Card::lane_of(unsigned bar, std::uint64_t offset) const {
    if (lanes_.count() == 1 || serves_msi_x(bar)) return 0;
    const unsigned lane = model_->lane(bar, offset);
    assert(lane < lanes_.count());
    return lane;
}

std::uint64_t Card::bar_read(unsigned bar, std::uint64_t offset, unsigned width) {
    const Turn turn(*this, lane_of(bar, offset));
    if (!decodes(bar, offset, width)) return ones(width);
    return serves_msi_x(bar) ? interrupts_.read_table(offset, width) : model_->read(bar, offset, width);
}

void Card::bar_write(unsigned bar, std::uint64_t offset, unsigned width, std::uint64_t value) {
    {
        const Turn turn(*this, lane_of(bar, offset));
        if (!decodes(bar, offset, width)) return;
        if (serves_msi_x(bar)) {
            interrupts_.write_table(offset, width, value & ones(width));
        } else {
            model_->write(bar, offset, width, value & ones(width));
        }
    }
    offer_held_back();
}

Expected<> Card::map(IoAddress address, std::span<std::byte> memory, Iommu::Access access) {
    const Turn turn(*this);
    return iommu_.map(address, memory, access);
}

Expected<> Card::unmap(IoAddress address, std::size_t bytes) {
    const Turn turn(*this);
    return iommu_.unmap(address, bytes);
}

void Card::unmap_all() {
    const Turn turn(*this);
    iommu_.clear();
}

void Card::on_dma_miss(std::function<bool(Iommu&, IoAddress)> ask) {
    const Turn turn(*this);
    iommu_.on_miss(std::move(ask));
}

std::span<std::byte> Card::memory_at(IoAddress address, std::size_t bytes) {
    const std::lock_guard lock(lanes_);
    return iommu_.translate(address, bytes, Iommu::Access::read);
}

bool Card::copy_memory(IoAddress address, std::span<std::byte> to) {
    const std::lock_guard lock(lanes_);
    const std::span<std::byte> memory = iommu_.translate(address, to.size(), Iommu::Access::read);
    if (memory.empty() || detail::is_poisoned(memory)) return false;
    std::ranges::copy(memory, to.begin());
    return true;
}

Expected<> Card::set_event_file(InterruptKind kind, unsigned vector, int event_file) {
    const Turn turn(*this);
    return interrupts_.set_event_file(kind, vector, event_file);
}

Expected<> Card::mask_interrupt(InterruptKind kind, unsigned vector, bool masked) {
    const Turn turn(*this);
    return interrupts_.mask(kind, vector, masked);
}

Expected<> Card::trigger_interrupt(InterruptKind kind, unsigned vector) {
    const Turn turn(*this);
    return interrupts_.trigger(kind, vector);
}

// --- the world's side ---

void Card::set_cable(bool plugged) {
    {
        const Turn turn(*this);
        plugged_ = plugged;
        model_->set_cable(plugged);
    }
    offer_held_back();
}

void Card::service() {
    if (calls_.fetch_add(1) != 0) return;  // another thread is serving, and checks calls_ before it leaves
    std::uint32_t seen = 1;
    for (unsigned round = 1;; ++round) {
        const bool more = serve_some();
        if (round >= rounds_at_most && hand_over()) return;
        if (more) continue;
        seen = calls_.fetch_sub(seen) - seen;
        if (seen == 0) return;
    }
}

void Card::catch_up() {
    {
        const Turn turn(*this);
        run_timers();
    }
    service();
}

/// Runs timers and takes a few frames. Returns true when there may be more.
bool Card::serve_some() {
    Turn turn(*this);
    left_over_ = false;
    run_timers();
    if (wire_->next_time()) {  // it may be due, or its file may have become ready
        wire_->advance(turn.now());
        turn.mark_sent();
    }
    const bool were_held_back = held_back_.exchange(false);
    bool more = true;
    for (unsigned i = 0; i < frames_at_once && more && !held_back_; ++i) {
        if (frames_can_wait_ && !is_ready_for_frames()) {
            held_back_ = true;
        } else if (const auto frame = wire_->receive(turn.now()); !frame) {
            more = false;
        } else if (plugged_) {
            model_->receive(frame->bytes, frame->damaged);
        }
    }
    if (sender_waits_ && wire_->has_room(now())) {
        sender_waits_ = false;
        model_->resume_sending();
    }
    if (were_held_back && !held_back_ && wake_) wake_();  // wire_file() must be watched again
    return more && !held_back_;
}

/// Leaves the rest to a thread that can be woken for it: others have kept this one from its own work for long enough.
/// Returns false when there is no such thread.
bool Card::hand_over() {
    const Turn turn(*this);
    if (!wake_) return false;
    left_over_ = true;
    calls_ = 0;  // from now on a caller waits for the lock and does all the work itself
    return true;
}

void Card::run_timers() {
    if (earliest_timer_ == never || now() < earliest_timer_) return;
    // In the order of their deadlines; bounded, since a timer may set itself again.
    for (unsigned i = 0; i <= timer_count; ++i) {
        const auto first = std::ranges::min_element(timers_);
        earliest_timer_ = *first;
        if (earliest_timer_ > now()) return;
        *first = never;
        model_->timer(static_cast<unsigned>(first - timers_.begin()));
    }
}

bool Card::is_ready_for_frames() const {
    return model_->can_receive() && (model_->has_link() || !wire_->waits_for_link());
}

/// Now that the driver has done something, there may be room for frames that waited.
void Card::offer_held_back() {
    if (held_back_) service();
}

Time Card::next_due() const {
    if (left_over_) return Time::zero();
    const auto wire = wire_->next_time();
    if (!wire) return earliest_timer_;
    // While the card has no room, frames on the wire wait for the driver, not for time; but the wire may also have to
    // send.
    const bool in_vain = held_back_ && *wire <= now();
    return std::min(earliest_timer_, in_vain ? now() + wire_retry : *wire);
}

/// At the end of a turn. One that has neither sent nor set a timer, as most in a queue's lane, has nothing to tell.
void Card::tell_outside(bool sent) {
    lanes_.in_world([&] {
        if (sent) wire_->announce(wire_time());
        if (!wake_) return;
        const Time next = next_due();
        if (next < woken_for_) wake_();
        woken_for_ = next;
    });
}

std::optional<Time> Card::next_time() const {
    const std::lock_guard lock(lanes_);
    const Time next = next_due();
    return next == never ? std::nullopt : std::optional(next);
}

void Card::on_earlier(std::function<void()> wake) {
    const Turn turn(*this);
    wake_ = std::move(wake);
    woken_for_ = never;
}

// --- what the model asks for, during a turn ---

bool Card::may_transfer(IoAddress address, std::size_t bytes) {
    if (config_.bus_master()) [[likely]]
        return true;
    ++dma_faults_;
    report(Misuse::dma_without_mastering, "DMA of " + range_text(address, bytes) + " while bus mastering is off");
    return false;
}

bool Card::refuse(IoAddress address, std::size_t bytes, Iommu::Access access) {
    ++dma_faults_;
    lanes_.in_world([this] { config_.set_master_abort(); });
    report(Misuse::dma_not_mapped,
           std::string(access == Iommu::Access::read ? "DMA read" : "DMA write") + " of " + range_text(address, bytes));
    return false;
}

/// Calls copy(memory, offset) for each piece of [address, address + bytes) if all of it is mapped; neighbouring
/// mappings may share the range. Under AddressSanitizer, freed memory counts as not mapped.
template <class Copy>
bool Card::transfer(IoAddress address, std::size_t bytes, Iommu::Access access, Copy copy) {
    if (!may_transfer(address, bytes)) return false;
    const std::span<std::byte> whole = iommu_.part(address, bytes, access, Turn::lane_in(*this));
    if (whole.size() == bytes) [[likely]] {
        if (detail::is_poisoned(whole)) return refuse(address, bytes, access);
        copy(whole, 0);
        return true;
    }
    return transfer_in_pieces(address, bytes, access, copy);
}

template <class Copy>
bool Card::transfer_in_pieces(IoAddress address, std::size_t bytes, Iommu::Access access, Copy copy) {
    const unsigned lane = Turn::lane_in(*this);
    if (address.value + (bytes - 1) < address.value) return refuse(address, bytes, access);  // it wraps around
    for (std::size_t done = 0; done < bytes;) {  // check first: a transfer is done as a whole or not at all
        const std::span<std::byte> part = iommu_.part(address + done, bytes - done, access, lane);
        if (part.empty() || detail::is_poisoned(part)) return refuse(address, bytes, access);
        done += part.size();
    }
    for (std::size_t done = 0; done < bytes;) {
        const std::span<std::byte> part = iommu_.part(address + done, bytes - done, access, lane);
        copy(part, done);
        done += part.size();
    }
    return true;
}

bool Card::read(IoAddress from, std::span<std::byte> to) {
    const bool done =
        transfer(from, to.size(), Iommu::Access::read, [&](std::span<const std::byte> memory, std::size_t offset) {
            std::ranges::copy(memory, to.begin() + static_cast<std::ptrdiff_t>(offset));
        });
    if (!done) std::ranges::fill(to, std::byte{});
    return done;
}

bool Card::write(IoAddress to, std::span<const std::byte> from) {
    return transfer(to, from.size(), Iommu::Access::write, [&](std::span<std::byte> memory, std::size_t offset) {
        std::ranges::copy(from.subspan(offset, memory.size()), memory.begin());
    });
}

bool Card::write_back(IoAddress to, std::span<const std::byte> from, std::size_t last) {
    constexpr std::size_t word = sizeof(std::uint32_t);
    assert(last % word == 0 && last + word <= from.size());
    const auto store = [&](std::span<std::byte> memory, std::size_t offset) {
        // The word may lie in another piece, or a driver may have misaligned it: then no order is guaranteed.
        const bool is_here = last >= offset && last + word <= offset + memory.size();
        if (!is_here || reinterpret_cast<std::uintptr_t>(memory.data() + (last - offset)) % word != 0) {
            std::ranges::copy(from.subspan(offset, memory.size()), memory.begin());
            return;
        }
        std::byte* const at = memory.data() + (last - offset);
        std::ranges::copy(from.subspan(offset, last - offset), memory.begin());
        std::ranges::copy(from.subspan(last + word, offset + memory.size() - last - word), at + word);
        std::uint32_t value;
        std::memcpy(&value, from.data() + last, word);
        // Orders the stores above, and those of the frame before them, before the store that the driver waits for.
        std::atomic_ref(*reinterpret_cast<std::uint32_t*>(at)).store(value, std::memory_order_release);
    };
    return transfer(to, from.size(), Iommu::Access::write, store);
}

void Card::set_interrupt(bool asserted) {
    lanes_.in_world([&] { interrupts_.set_line(asserted); });
}

bool Card::messages_enabled() const { return config_.msi_x_enabled(); }

void Card::send_message(unsigned vector) {
    lanes_.in_world([&] { interrupts_.send_message(vector); });
}

void Card::send(std::span<const std::byte> frame) {
    if (!plugged_) return;
    if (Turn* const turn = Turn::of(*this)) turn->mark_sent();
    lanes_.in_world([&] { wire_->send(frame, wire_time()); });
}

bool Card::can_send() {
    return lanes_.in_world([this] {
        if (!plugged_ || wire_->has_room(wire_time())) return true;
        sender_waits_ = true;  // until serve_some() resumes all queues
        if (Turn* const turn = Turn::of(*this)) turn->mark_deadline();
        return false;
    });
}

/// Two lanes that send at the same time may have read the clock in the other order. The wire's time never goes back.
Time Card::wire_time() { return wire_time_ = std::max(wire_time_, now()); }

bool Card::waits_for_wire() const {
    const std::lock_guard lock(lanes_);
    return sender_waits_;
}

Expected<> Card::finish_wire() {
    const std::lock_guard lock(lanes_);
    return wire_->finish();
}

std::size_t Card::frames_waiting_on_wire() const {
    const std::lock_guard lock(lanes_);
    return wire_->waiting();
}

Time Card::now() const {
    Turn* const turn = Turn::of(*this);
    return turn != nullptr ? turn->now() : options_.clock->now();
}

void Card::schedule(unsigned timer, std::optional<Time> when) {
    if (Turn* const turn = Turn::of(*this)) turn->mark_deadline();
    lanes_.in_world([&] {
        timers_.at(timer) = when.value_or(never);
        earliest_timer_ = std::min(earliest_timer_, timers_[timer]);
    });
}

void Card::report(Misuse kind, std::string text) {
    if (options_.reports) options_.reports->report(options_.name, {kind, std::move(text), now()});
}

}  // namespace ixy::sim
