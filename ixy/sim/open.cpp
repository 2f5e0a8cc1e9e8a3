// From "sim:82540em,wire=a" to a card that a driver can open.
#include <algorithm>
#include <cerrno>
#include <utility>

#include <ixy/datasheet/catalogue.hpp>
#include <ixy/faults/injector.hpp>
#include <ixy/sim/card/faults.hpp>
#include <ixy/sim/function.hpp>
#include <ixy/sim/servers/window/view.hpp>

namespace ixy::sim {
namespace {

/// A made-up address (52:54:00, locally administered): the same for the same wire in every run, and a different one at
/// the wire's other end.
std::array<std::uint8_t, 6> mac_for(std::string_view wire, unsigned end) {
    std::uint32_t hash = 2166136261;  // FNV-1a
    for (const char c : wire) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619;
    const std::uint32_t number = (hash & 0xfffffe) | (end & 1);
    return {0x52,
            0x54,
            0x00,
            static_cast<std::uint8_t>(number >> 16),
            static_cast<std::uint8_t>(number >> 8),
            static_cast<std::uint8_t>(number)};
}

/// The card's faults: those that its address names, else those of the environment, whose register faults are left to
/// the code that opens the card.
Expected<faults::Plan> find_faults(const CardAddress& address, const std::string& name) {
    if (!address.faults.empty()) {
        auto plan = read_faults(address.faults);
        if (plan) return plan;
        plan.error().what = name + ": " + plan.error().what;
        if (plan.error().next.empty()) plan.error().next = "faults= takes seed:NUMBER, or the name of a script";
        return plan;
    }
    const PciIdentity& identity = address.type->identity;
    auto plan = faults::requested_plan(datasheet::find_chip(identity.vendor, identity.device));
    if (!plan) return std::unexpected(std::move(plan.error()));
    return plan->value_or(faults::Plan{});
}

Expected<std::shared_ptr<Card>> make_faulty_card(CardAddress address, std::string name, faults::Plan& plan) {
    auto wire = open_wire(address.wire, address.impairments);
    if (!wire) {
        wire.error().what = name + ": " + wire.error().what;
        return std::unexpected(std::move(wire.error()));
    }
    if (!address.mac_given) address.model.mac = mac_for(address.wire, (*wire)->end());

    static const auto printer = std::make_shared<ReportPrinter>();
    CardOptions card{.name = std::move(name), .model = address.model, .hold = address.hold, .clock = {}, .reports = {}};
    if (address.stepped_clock) card.clock = SteppedClock::shared();
    if (address.strict) card.reports = printer;
    if (std::ranges::any_of(plan.faults, &faults::Fault::is_of_memory)) {
        card.wrap = wrap_in_faults;
        card.wrap_context = &plan;
    }
    return std::make_shared<Card>(*address.type, std::move(*wire), std::move(card));
}

}  // namespace

Expected<std::shared_ptr<Card>> make_card(CardAddress address, std::string name) {
    auto plan = find_faults(address, name);
    if (!plan) return std::unexpected(std::move(plan.error()));
    return make_faulty_card(std::move(address), std::move(name), *plan);
}

Expected<std::unique_ptr<PciFunction>> open_sim_function(std::string_view text, const PciOpenOptions& options) {
    if (is_card_elsewhere(text)) {
        return failure(ErrorKind::unsupported, std::string(text) + " belongs to another process, which drives it",
                       "ixy regs and ixy rings look at it; a cable to it is a wire with a path, as in wire=/tmp/a");
    }
    auto address = parse_card_address(text);
    if (!address) return std::unexpected(std::move(address.error()));
    if (options.accept != nullptr) {
        if (auto accepted = options.accept(text, address->type->identity); !accepted) {
            return std::unexpected(std::move(accepted.error()));
        }
    }
    auto plan = find_faults(*address, std::string(text));
    if (!plan) return std::unexpected(std::move(plan.error()));
    auto card = make_faulty_card(*address, std::string(text), *plan);
    if (!card) return std::unexpected(std::move(card.error()));
    auto function =
        make_function(std::move(*card), std::string(text), address->own_thread ? Running::thread : Running::inside);
    if (!function) {
        return system_failure(std::string(text) + ": cannot start a thread for it", EAGAIN,
                              "raise this user's limit: ulimit -u, or the container's pids limit");
    }
    if (address->faults.empty()) return function;
    return faults::inject(std::move(function), *plan);
}

void add_scheme() { add_pci_scheme("sim", open_sim_function); }

}  // namespace ixy::sim
