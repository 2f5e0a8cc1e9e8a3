// Cards in this process, and the addresses "test-bed:N" that refer to them.
#include "tests/support/sim_bed.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/support/far_end.hpp"
#include "tests/support/rough_world.hpp"

#include <ixy/pci/wrapped.hpp>
#include <ixy/sim/function.hpp>

namespace ixy::test {
namespace {

/// A function that is not handed out again while in use.
class Lent final : public WrappedFunction {
public:
    Lent(std::unique_ptr<PciFunction> inner, std::shared_ptr<std::atomic<bool>> taken)
        : WrappedFunction(std::move(inner)), taken_(std::move(taken)) {}
    ~Lent() override { *taken_ = false; }

private:
    std::shared_ptr<std::atomic<bool>> taken_;
};

class SimBed final : public TestBed {
public:
    SimBed(const sim::CardType& type, sim::Running running, std::size_t cards, bool cabled);
    ~SimBed() override;

    std::unique_ptr<PciFunction> function(std::size_t card) override {
        auto function = lend(card);
        if (!function) throw std::runtime_error(function.error().text());
        return std::move(*function);
    }
    std::string address(std::size_t card) const override { return "test-bed:" + std::to_string(first_number_ + card); }
    bool send(std::span<const std::byte> frame, std::size_t card, std::chrono::milliseconds limit) override {
        return slots_.at(card).far_end.send(frame, limit);
    }
    Frame receive(std::size_t card, std::chrono::milliseconds limit) override {
        return slots_.at(card).far_end.receive(limit);
    }
    void set_link(std::size_t card, bool up) override { slots_.at(card).card->set_cable(up); }
    /// A card whose decoders are off reads as ones and does no DMA, like an empty slot. Its earlier writes arrive
    /// first, flushed by a read.
    void kill() override {
        gone_ = true;
        for (const Slot& slot : slots_) {
            (void)slot.card->bar_read(0, 0, 4);
            slot.card->config_write(pci_config::command, 2, 0);
        }
    }
    std::string complaints() const override { return reports_->text(); }

    Expected<std::unique_ptr<PciFunction>> lend(std::size_t card);

private:
    struct Slot {
        FarEnd far_end;
        std::shared_ptr<sim::Card> card;
        std::shared_ptr<std::atomic<bool>> taken = std::make_shared<std::atomic<bool>>(false);
    };

    sim::Running running_;
    std::shared_ptr<sim::ReportList> reports_ = std::make_shared<sim::ReportList>();
    std::vector<Slot> slots_;
    std::size_t first_number_ = 0;
    bool gone_ = false;
};

// --- the addresses -------------------------------------------------------------------------------------------------

std::mutex beds_mutex;
std::map<std::size_t, std::pair<SimBed*, std::size_t>> beds;  ///< by number: the bed, and its card
std::size_t next_number = 0;

Expected<std::unique_ptr<PciFunction>> open_bed(std::string_view address, const PciOpenOptions&) {
    const std::size_t number = std::stoul(std::string(address.substr(address.find(':') + 1)));
    const std::lock_guard lock(beds_mutex);
    const auto found = beds.find(number);
    if (found == beds.end()) return failure(ErrorKind::not_found, std::string(address) + ": no such bed", "make one");
    return found->second.first->lend(found->second.second);
}

std::shared_ptr<sim::Clock> make_clock(bool rough) {
    if (rough) return std::make_shared<BriskClock>();
    return std::make_shared<sim::SteppedClock>();
}

SimBed::SimBed(const sim::CardType& type, sim::Running running, std::size_t cards, bool cabled)
    : running_(running), slots_(cards) {
    const bool rough = &type == &rough_82540em() || &type == &rough_82574l();
    const auto clock = make_clock(rough);
    add_pci_scheme("test-bed", open_bed);
    const std::lock_guard lock(beds_mutex);
    first_number_ = next_number;
    next_number += cards;
    for (std::size_t i = 0; i < cards; ++i) {
        beds[first_number_ + i] = {this, i};
        auto wire = cabled ? sim::open_wire("bed-" + std::to_string(first_number_)).value() : slots_[i].far_end.plug();
        sim::CardOptions options{.name = address(i), .clock = clock, .reports = reports_};
        options.model.mac = {0x52, 0x54, 0x00, 0x00, 0x00, static_cast<std::uint8_t>(i + 1)};
        if (rough) options.model.link_delay = std::chrono::milliseconds(100);
        slots_[i].card = std::make_shared<sim::Card>(type, std::move(wire), options);
    }
}

SimBed::~SimBed() {
    const std::lock_guard lock(beds_mutex);
    for (std::size_t i = 0; i < slots_.size(); ++i) beds.erase(first_number_ + i);
}

Expected<std::unique_ptr<PciFunction>> SimBed::lend(std::size_t card) {
    if (gone_) return failure(ErrorKind::device_failed, address(card) + ": the card is gone", "put it back");
    Slot& slot = slots_.at(card);
    if (slot.taken->exchange(true)) {
        return failure(ErrorKind::busy, address(card) + ": this process has it open already", "close it first");
    }
    return std::make_unique<Lent>(sim::make_function(slot.card, address(card), running_), slot.taken);
}

Subject on_sim(std::string name, std::string model, std::string driver, const sim::CardType& type, sim::Running running,
               std::size_t queues = 1) {
    return {.name = std::move(name),
            .model = std::move(model),
            .driver = std::move(driver),
            .by_the_book = true,
            .queues = queues,
            .make = [&type, running](std::size_t cards, bool cabled) {
                return std::make_unique<SimBed>(type, running, cards, cabled);
            }};
}

}  // namespace

std::vector<Subject> sim_subjects() {
    using enum sim::Running;
    const sim::CardType& em = *sim::find_card_type("82540em");
    const sim::CardType& l = *sim::find_card_type("82574l");
    return {on_sim("sim_82540em", "82540EM", "e1000", em, inside),
            on_sim("sim_82540em_in_a_thread", "82540EM", "e1000", em, thread),
            on_sim("sim_82540em_with_faults", "82540EM", "e1000", rough_82540em(), inside),
            on_sim("sim_82540em_with_faults_in_a_thread", "82540EM", "e1000", rough_82540em(), thread),
            on_sim("sim_82545em", "82545EM", "e1000", *sim::find_card_type("82545em"), inside),
            on_sim("sim_82574l", "82574L", "e1000e", l, inside),
            on_sim("sim_82574l_two_queues", "82574L", "e1000e", l, inside, 2),
            on_sim("sim_82574l_two_queues_in_a_thread", "82574L", "e1000e", l, thread, 2),
            on_sim("sim_82574l_with_faults", "82574L", "e1000e", rough_82574l(), inside),
            on_sim("sim_82574l_two_queues_with_faults_in_a_thread", "82574L", "e1000e", rough_82574l(), thread, 2)};
}

}  // namespace ixy::test
