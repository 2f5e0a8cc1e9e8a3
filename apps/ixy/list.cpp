// `ixy list`
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <ixy/datasheet/catalogue.hpp>
#include <ixy/nic/device.hpp>
#include <ixy/nic/drivers.hpp>
#include <ixy/pci/enumerate.hpp>
#include <ixy/sim/servers/window/view.hpp>
#include <nlohmann/json.hpp>

#include "../common/process.hpp"
#include "commands.hpp"

namespace ixy::app {
namespace {

std::string ids(const PciIdentity& identity) { return fmt::format("{:04x}:{:04x}", identity.vendor, identity.device); }

using Row = std::array<std::string, 8>;

Row row(const NetworkCard& card) {
    const DriverEntry* const known = find_driver(card.identity);
    const auto or_dash = [](std::string text) { return text.empty() ? "-" : std::move(text); };
    return {card.address,
            ids(card.identity) + (known != nullptr ? fmt::format(" {}", known->model) : ""),
            known != nullptr ? std::string(known->driver) : "-",
            or_dash(card.driver),
            card.numa_node == any_node ? "-" : std::to_string(card.numa_node),
            card.iommu_group ? std::to_string(*card.iommu_group) : "-",
            or_dash(fmt::format("{}", fmt::join(card.interfaces, ","))),
            card.in_use ? "in use" : "free"};
}

/// The words for the flags that are set.
template <class Flags, std::size_t N>
std::vector<std::string_view> words(Flags flags, const std::pair<Flags, std::string_view> (&names)[N]) {
    std::vector<std::string_view> set;
    for (const auto& [flag, name] : names) {
        if (has(flags, flag)) set.push_back(name);
    }
    return set;
}

constexpr std::pair<Offloads, std::string_view> offload_names[] = {
    {Offloads::rx_checksum, "rx-checksum"},
    {Offloads::tx_checksum, "tx-checksum"},
    {Offloads::vlan, "vlan"},
    {Offloads::segmentation, "segmentation"},
};
constexpr std::pair<InterruptKinds, std::string_view> interrupt_names[] = {
    {InterruptKinds::legacy, "INTx"},
    {InterruptKinds::msi, "MSI"},
    {InterruptKinds::msi_x, "MSI-X"},
};
constexpr std::pair<RssHash, std::string_view> hash_names[] = {
    {RssHash::ipv4, "ipv4"}, {RssHash::tcp_ipv4, "tcp-ipv4"}, {RssHash::udp_ipv4, "udp-ipv4"},
    {RssHash::ipv6, "ipv6"}, {RssHash::tcp_ipv6, "tcp-ipv6"}, {RssHash::udp_ipv6, "udp-ipv6"},
};

/// What a card can do, a line for each kind of thing. Nothing if no driver knows it.
void print_limits(const std::string& address, const PciIdentity& identity) {
    const DriverEntry* const known = find_driver(identity);
    if (known == nullptr) return;
    const DeviceLimits& limits = known->limits;
    fmt::print("\n{} {}\n", address, known->model);
    fmt::print("  queues      {} receive, {} transmit\n", limits.rx_queues, limits.tx_queues);
    fmt::print("  rings       {} to {} descriptors, in steps of {}\n", limits.smallest_ring, limits.largest_ring,
               limits.ring_step);
    fmt::print("  frames      {} to {} bytes without check sequence", limits.least_max_frame, limits.most_max_frame);
    if (limits.most_scaled_frame != 0) fmt::print("; with several receive queues to {}", limits.most_scaled_frame);
    fmt::print("\n");
    if (limits.rss_entries != 0) {
        fmt::print("  RSS         a table of {} entries; hashes {}\n", limits.rss_entries,
                   fmt::join(words(limits.rss_hashes, hash_names), ", "));
    }
    fmt::print("  offloads    {}\n", fmt::join(words(limits.offloads, offload_names), ", "));
    fmt::print("  interrupts  {}, where the way to the card allows\n",
               fmt::join(words(limits.interrupts, interrupt_names), ", "));
}

nlohmann::json json_of(const DeviceLimits& limits) {
    return {{"rx_queues", limits.rx_queues},
            {"tx_queues", limits.tx_queues},
            {"smallest_ring", limits.smallest_ring},
            {"largest_ring", limits.largest_ring},
            {"ring_step", limits.ring_step},
            {"least_max_frame", limits.least_max_frame},
            {"most_max_frame", limits.most_max_frame},
            {"most_scaled_frame", limits.most_scaled_frame != 0 ? limits.most_scaled_frame : limits.most_max_frame},
            {"rss_entries", limits.rss_entries},
            {"rss_hashes", words(limits.rss_hashes, hash_names)},
            {"offloads", words(limits.offloads, offload_names)},
            {"interrupts", words(limits.interrupts, interrupt_names)}};
}

void print_table(const std::vector<NetworkCard>& cards) {
    std::vector<Row> rows{{"ADDRESS", "CARD", "IXY", "KERNEL", "NODE", "IOMMU", "INTERFACE", "STATE"}};
    std::ranges::transform(cards, std::back_inserter(rows), row);
    std::array<std::size_t, std::tuple_size_v<Row>> widths{};
    for (const Row& each : rows) {
        for (std::size_t i = 0; i < each.size(); ++i) widths[i] = std::max(widths[i], each[i].size());
    }
    for (const Row& each : rows) {
        std::string text;
        for (std::size_t i = 0; i < each.size(); ++i) text += fmt::format("{:<{}}  ", each[i], widths[i]);
        text.erase(text.find_last_not_of(' ') + 1);
        fmt::print("{}\n", text);
    }
    for (const NetworkCard& card : cards) {
        if (card.in_use) fmt::print("\n{}", card.in_use->text());
    }
    if (std::ranges::any_of(cards, [](const NetworkCard& card) { return card.in_use.has_value(); })) fmt::print("\n");
}

/// What is known of every card.
nlohmann::json json_of(const std::string& address, const PciIdentity& identity, bool with_limits) {
    const DriverEntry* const known = find_driver(identity);
    nlohmann::json object = {
        {"address", address},
        {"id", ids(identity)},
        {"subsystem", fmt::format("{:04x}:{:04x}", identity.subsystem_vendor, identity.subsystem_device)},
        {"class", fmt::format("{:06x}", identity.class_code)},
        {"model", nullptr},
        {"driver", nullptr},
        {"kernel_driver", nullptr},
        {"numa_node", any_node},
        {"iommu_group", nullptr},
        {"interfaces", nlohmann::json::array()},
        {"in_use", true},
        {"reason", nullptr}};
    if (known != nullptr) object["model"] = known->model;
    if (known != nullptr) object["driver"] = known->driver;
    if (known != nullptr && with_limits) object["limits"] = json_of(known->limits);
    return object;
}

nlohmann::json json_of(const NetworkCard& card, bool with_limits) {
    nlohmann::json object = json_of(card.address, card.identity, with_limits);
    if (!card.driver.empty()) object["kernel_driver"] = card.driver;
    object["numa_node"] = card.numa_node;
    if (card.iommu_group) object["iommu_group"] = *card.iommu_group;
    object["interfaces"] = card.interfaces;
    object["in_use"] = card.in_use.has_value();
    if (card.in_use) object["reason"] = card.in_use->text();
    return object;
}

std::string name_of(const PciIdentity& identity) {
    const datasheet::Chip* const chip = datasheet::find_chip(identity.vendor, identity.device);
    return chip != nullptr ? std::string(chip->name) : ids(identity);
}

/// Software cards of running programs: they can be looked at.
void print_elsewhere(const std::vector<sim::CardElsewhere>& cards) {
    if (cards.empty()) return;
    fmt::print("\nSoftware cards of running programs, to look at with ixy regs and ixy rings:\n");
    for (const sim::CardElsewhere& card : cards)
        fmt::print("{}  {}  {}  {}\n", card.address, name_of(card.identity), card.program, card.name);
}

nlohmann::json json_of(const sim::CardElsewhere& card, bool with_limits) {
    nlohmann::json object = json_of(card.address, card.identity, with_limits);
    object["subsystem"] = object["class"] = nullptr;  // its window does not tell
    object["reason"] = card.program + " drives it";
    object["program"] = card.program;
    object["name"] = card.name;
    return object;
}

}  // namespace

Expected<> list(const KernelTree& tree, bool json, bool with_limits) {
    const auto cards = list_network_cards(tree);
    if (!cards) return std::unexpected(cards.error());
    const auto [elsewhere, unseen] = sim::list_cards_elsewhere(tree.proc);
    for (const Error& error : unseen) say("ixy: " + error.text());
    if (json) {
        for (const NetworkCard& card : *cards) fmt::print("{}\n", json_of(card, with_limits).dump());
        for (const sim::CardElsewhere& card : elsewhere) fmt::print("{}\n", json_of(card, with_limits).dump());
        return {};
    }
    if (cards->empty()) {
        fmt::print("There is no network card on this machine's PCI bus.\n");
    } else {
        print_table(*cards);
        for (const NetworkCard& card : *cards)
            if (with_limits) print_limits(card.address, card.identity);
    }
    print_elsewhere(elsewhere);
    for (const sim::CardElsewhere& card : elsewhere)
        if (with_limits) print_limits(card.address, card.identity);
    return {};
}

}  // namespace ixy::app
