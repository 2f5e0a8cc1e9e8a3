// Options are checked before a card is touched; each refusal names what would be accepted.
#include <ixy/nic/limits.hpp>

#include <algorithm>
#include <string>

namespace ixy {
namespace {

std::unexpected<Error> refuse(std::string what, std::string next) {
    return failure(ErrorKind::invalid_argument, std::move(what), std::move(next));
}

std::string range(std::size_t least, std::size_t most) {
    return "choose " + (least == most ? "" : std::to_string(least) + " to ") + std::to_string(most);
}

Expected<> check_queues(std::string_view direction, std::size_t queues, std::size_t most, std::string_view card) {
    if (queues >= 1 && queues <= most) return {};
    return refuse(
        std::to_string(queues) + " " + std::string(direction) + " queues are not possible on the " + std::string(card),
        range(1, most));
}

Expected<> check_ring(std::string_view direction, std::size_t size, const DeviceLimits& limits, std::string_view card) {
    if (size >= limits.smallest_ring && size <= limits.largest_ring && size % limits.ring_step == 0) return {};
    return refuse(
        "a " + std::string(direction) + " ring of " + std::to_string(size) + " descriptors is not possible on the " +
            std::string(card),
        range(limits.smallest_ring, limits.largest_ring) + ", in steps of " + std::to_string(limits.ring_step));
}

Expected<> check_frame(const DeviceOptions& options, const DeviceLimits& limits, std::string_view card) {
    const bool scaled = options.rx_queues > 1 && limits.most_scaled_frame != 0;
    const std::size_t most = scaled ? limits.most_scaled_frame : limits.most_max_frame;
    if (options.max_frame >= limits.least_max_frame && options.max_frame <= most) return {};
    return refuse("frames of " + std::to_string(options.max_frame) + " bytes are not possible on the " +
                      std::string(card) + (scaled ? " with several receive queues" : ""),
                  range(limits.least_max_frame, most));
}

Expected<> check_offloads(const DeviceOptions& options, const DeviceLimits& limits, std::string_view card) {
    struct Wish {
        bool wanted;
        Offloads offload;
        std::string_view name;
    };
    for (const Wish& wish : {Wish{options.rx_checksum, Offloads::rx_checksum, "check received checksums"},
                             {options.tx_checksum, Offloads::tx_checksum, "write checksums"},
                             {options.segmentation, Offloads::segmentation, "cut packets into segments"},
                             {options.vlan, Offloads::vlan, "strip and insert VLAN tags"}}) {
        if (wish.wanted && !has(limits.offloads, wish.offload)) {
            return refuse("the " + std::string(card) + " cannot " + std::string(wish.name), "do without");
        }
    }
    return {};
}

/// With one receive queue there is nothing to spread, and the options for it are not used.
Expected<> check_rss(const DeviceOptions& options, const DeviceLimits& limits, std::string_view card) {
    if (options.rx_queues == 1) return {};
    const std::string name(card);
    const std::size_t entries = options.rss.table.size();
    if (entries > limits.rss_entries) {
        return refuse("an RSS table of " + std::to_string(entries) + " entries is too long for the " + name,
                      "give it at most " + std::to_string(limits.rss_entries));
    }
    for (const std::size_t queue : options.rss.table) {
        if (queue >= options.rx_queues) {
            return refuse("the RSS table names receive queue " + std::to_string(queue) + ", which is not there",
                          "name queues 0 to " + std::to_string(options.rx_queues - 1) + ", or open more");
        }
    }
    if (options.rss.hashes != RssHash::every && !within(options.rss.hashes, limits.rss_hashes)) {
        return refuse("the " + name + " cannot hash all of these kinds of packets",
                      "Device::limits() tells which it can");
    }
    return {};
}

}  // namespace

Expected<> check_options(const DeviceOptions& options, const DeviceLimits& limits, std::string_view card) {
    if (auto fits = check_queues("receive", options.rx_queues, limits.rx_queues, card); !fits) return fits;
    if (auto fits = check_queues("transmit", options.tx_queues, limits.tx_queues, card); !fits) return fits;
    if (auto fits = check_frame(options, limits, card); !fits) return fits;
    if (auto fits = check_ring("receive", options.rx_ring_size, limits, card); !fits) return fits;
    if (auto fits = check_ring("transmit", options.tx_ring_size, limits, card); !fits) return fits;
    if (auto fits = check_offloads(options, limits, card); !fits) return fits;
    if (auto fits = check_rss(options, limits, card); !fits) return fits;
    if (options.pool_packets < options.rx_ring_size) {
        return refuse("a pool of " + std::to_string(options.pool_packets) + " packets cannot fill the receive ring",
                      "make it larger than the ring of " + std::to_string(options.rx_ring_size));
    }
    return {};
}

Expected<> check_room(const RingRoom& room, const DeviceLimits& limits) {
    if (room.buffers <= room.most_buffers(room.ring_size)) return {};
    std::size_t enough = limits.smallest_ring;
    while (room.buffers > room.most_buffers(enough)) enough += limits.ring_step;
    const std::string direction(room.direction);
    return refuse(
        "a " + direction + " ring of " + std::to_string(room.ring_size) + " descriptors is too small for frames of " +
            std::to_string(room.frame) + " bytes, which take " + std::to_string(room.buffers) + " buffers each",
        "choose a " + direction + " ring of " + std::to_string(enough) + " descriptors or more, or shorter frames");
}

}  // namespace ixy
