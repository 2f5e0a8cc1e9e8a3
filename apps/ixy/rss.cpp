// `ixy rss`: to which receive queue a card sends a flow, and why.
#include <arpa/inet.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <ixy/core/numbers.hpp>
#include <ixy/nic/drivers.hpp>

#include "commands.hpp"

namespace ixy::app {
namespace {

/// An address, and a port if there is one: "10.0.0.1:80", "10.0.0.1", "[fd00::1]:80", "fd00::1".
struct Endpoint {
    bool is_ipv6 = false;
    std::vector<std::byte> address;
    std::optional<std::uint16_t> port;
};

std::optional<Endpoint> parse_endpoint(const std::string& text) {
    Endpoint endpoint{.is_ipv6 = std::ranges::count(text, ':') > 1};
    std::string address = text;
    const std::size_t colon = text.rfind(':');
    const bool has_port =
        endpoint.is_ipv6 ? text.starts_with('[') && text.find("]:") != std::string::npos : colon != std::string::npos;
    if (has_port) {
        const auto port = parse_whole(std::string_view(text).substr(colon + 1), 0, 0xffff);
        if (!port) return std::nullopt;
        endpoint.port = static_cast<std::uint16_t>(*port);
        address = text.substr(0, colon);
    }
    if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
    endpoint.address.resize(endpoint.is_ipv6 ? 16 : 4);
    if (::inet_pton(endpoint.is_ipv6 ? AF_INET6 : AF_INET, address.c_str(), endpoint.address.data()) != 1)
        return std::nullopt;
    return endpoint;
}

struct Flow {
    Endpoint source, destination;
    bool is_tcp = false, is_udp = false;
};

Expected<Flow> parse_flow(const RssQuestion& question) {
    const auto mistake = [](const std::string& what) {
        return failure(ErrorKind::invalid_argument, what,
                       "write addresses as 10.0.0.1:80 or [fd00::1]:80, both of one kind, with ports or without");
    };
    Flow flow{.is_tcp = question.protocol == "tcp", .is_udp = question.protocol == "udp"};
    for (const auto& [text, endpoint] :
         {std::pair(&question.source, &flow.source), std::pair(&question.destination, &flow.destination)}) {
        auto parsed = parse_endpoint(*text);
        if (!parsed) return mistake("\"" + *text + "\" is not an IP address with a port");
        *endpoint = std::move(*parsed);
    }
    if (flow.source.is_ipv6 != flow.destination.is_ipv6) return mistake("one address is IPv4 and the other IPv6");
    if (flow.source.port.has_value() != flow.destination.port.has_value()) return mistake("one address has no port");
    if (!flow.source.port) flow.is_tcp = flow.is_udp = false;
    return flow;
}

/// The card that was named, or else the first that has several queues.
Expected<DriverEntry> find_card(const std::string& model) {
    std::vector<std::string_view> models;
    for (const DriverEntry& entry : known_devices()) {
        if (entry.limits.rss_entries == 0) continue;
        if (model.empty() || ::strcasecmp(model.c_str(), std::string(entry.model).c_str()) == 0) return entry;
        if (std::ranges::find(models, entry.model) == models.end()) models.push_back(entry.model);
    }
    return failure(ErrorKind::invalid_argument, "no driver spreads frames on a card \"" + model + "\"",
                   fmt::format("cards with several receive queues: {}", fmt::join(models, ", ")));
}

struct Choice {
    bool with_ports;
    std::string_view kind;  ///< of packet; empty if the card hashes none such
};

Choice choose(const Flow& flow, RssHash hashes) {
    const bool is_ipv6 = flow.source.is_ipv6;
    if (flow.is_tcp && has(hashes, is_ipv6 ? RssHash::tcp_ipv6 : RssHash::tcp_ipv4))
        return {true, is_ipv6 ? "TCP over IPv6" : "TCP over IPv4"};
    if (flow.is_udp && has(hashes, is_ipv6 ? RssHash::udp_ipv6 : RssHash::udp_ipv4))
        return {true, is_ipv6 ? "UDP over IPv6" : "UDP over IPv4"};
    if (has(hashes, is_ipv6 ? RssHash::ipv6 : RssHash::ipv4)) return {false, is_ipv6 ? "IPv6" : "IPv4"};
    return {false, {}};
}

std::string hex_text(std::span<const std::byte> bytes) {
    std::string text;
    for (const std::byte byte : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
    return text;
}

void add_port(std::vector<std::byte>& input, std::uint16_t port) {
    input.push_back(static_cast<std::byte>(port >> 8));
    input.push_back(static_cast<std::byte>(port));
}

}  // namespace

Expected<> explain_rss(const RssQuestion& question) {
    const auto flow = parse_flow(question);
    if (!flow) return std::unexpected(flow.error());
    const auto card = find_card(question.card);
    if (!card) return std::unexpected(card.error());
    const DeviceLimits& limits = card->limits;
    if (question.queues < 1 || question.queues > limits.rx_queues) {
        return failure(
            ErrorKind::invalid_argument,
            fmt::format("the {} has {} receive queues, not {}", card->model, limits.rx_queues, question.queues),
            fmt::format("choose 1 to {}", limits.rx_queues));
    }
    const RssOptions rss{.key = question.symmetric ? symmetric_rss_key : default_rss_key};
    const Choice choice = choose(*flow, limits.rss_hashes);
    if (choice.kind.empty()) {
        fmt::print("queue  0: the {} computes no hash of such packets\n", card->model);
        return {};
    }
    std::vector<std::byte> input = flow->source.address;
    input.insert(input.end(), flow->destination.address.begin(), flow->destination.address.end());
    const std::string addresses = hex_text(input);
    if (choice.with_ports) {
        add_port(input, *flow->source.port);
        add_port(input, *flow->destination.port);
    }
    const std::uint32_t hash = rss_hash(rss.key, input);
    const std::size_t entry = hash % limits.rss_entries;
    const std::size_t queue = rss_queue(rss, entry, question.queues);
    fmt::print("packet {}, as the {} hashes it{}\n", choice.kind, card->model,
               choice.with_ports || !flow->source.port ? "" : ": without ports");
    fmt::print("input  {}{}: source and destination address{}\n", addresses,
               hex_text(std::span(input).subspan(addresses.size() / 2)), choice.with_ports ? ", then the ports" : "");
    fmt::print("key    {}…, {}\n", hex_text(std::as_bytes(std::span(rss.key)).first(8)),
               question.symmetric ? "the same for both directions of a flow" : "the default");
    fmt::print("hash   0x{:08x} (Toeplitz)\n", hash);
    fmt::print("entry  {} of {}: the hash's low bits\n", entry, limits.rss_entries);
    fmt::print("queue  {} of {}: what the table holds there, queues in turn\n", queue, question.queues);
    return {};
}

}  // namespace ixy::app
