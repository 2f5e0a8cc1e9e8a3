// Addresses by getifaddrs(3), routes by a dump of rtnetlink(7).
#include <ixy/pci/interface_addresses.hpp>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include <ixy/pci/files.hpp>

namespace ixy {
namespace {

std::string address_text(int family, const void* address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    return ::inet_ntop(family, address, text.data(), text.size()) != nullptr ? text.data() : "";
}

/// What one route message says that matters here.
struct Route {
    unsigned table = 0;
    std::string destination = "default";
    bool through_interface = false;
};

/// Whether one of the next hops of a multipath route goes through interface `index`.
bool multipath_uses(const rtattr* attribute, unsigned index) {
    auto* hop = static_cast<const rtnexthop*>(RTA_DATA(attribute));
    auto left = static_cast<std::size_t>(RTA_PAYLOAD(attribute));
    while (left >= sizeof *hop && hop->rtnh_len >= sizeof *hop && hop->rtnh_len <= left) {
        if (static_cast<unsigned>(hop->rtnh_ifindex) == index) return true;
        const std::size_t step = RTNH_ALIGN(hop->rtnh_len);
        if (step >= left) break;
        left -= step;
        hop = reinterpret_cast<const rtnexthop*>(reinterpret_cast<const char*>(hop) + step);
    }
    return false;
}

Route parse_route(const nlmsghdr* header, unsigned index) {
    const auto* message = static_cast<const rtmsg*>(NLMSG_DATA(header));
    Route route{.table = message->rtm_table};
    auto left = static_cast<int>(RTM_PAYLOAD(header));
    for (const rtattr* attribute = RTM_RTA(message); RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        const auto number = [attribute] {
            std::uint32_t value = 0;
            std::memcpy(&value, RTA_DATA(attribute), sizeof value);
            return value;
        };
        switch (attribute->rta_type) {
            case RTA_TABLE:
                route.table = number();
                break;
            case RTA_OIF:
                route.through_interface |= number() == index;
                break;
            case RTA_MULTIPATH:
                route.through_interface |= multipath_uses(attribute, index);
                break;
            case RTA_DST:
                route.destination =
                    address_text(message->rtm_family, RTA_DATA(attribute)) + "/" + std::to_string(message->rtm_dst_len);
                break;
            default:
                break;
        }
    }
    return route;
}

/// Adds the routes of one datagram. False: that was the last one.
bool collect_routes(std::span<const char> datagram, unsigned index, std::vector<std::string>& destinations) {
    auto left = static_cast<unsigned>(datagram.size());
    for (auto* header = reinterpret_cast<const nlmsghdr*>(datagram.data()); NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
        if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR) return false;
        if (header->nlmsg_type != RTM_NEWROUTE) continue;
        if (static_cast<const rtmsg*>(NLMSG_DATA(header))->rtm_type != RTN_UNICAST) continue;
        const Route route = parse_route(header, index);
        if (route.through_interface && route.table != RT_TABLE_LOCAL) destinations.push_back(route.destination);
    }
    return true;
}

}  // namespace

std::vector<std::string> interface_addresses(const std::string& interface) {
    std::vector<std::string> addresses;
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return addresses;
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, ::freeifaddrs);
    for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
        const std::string_view label = entry->ifa_name;  // "eth0", or "eth0:1" for a further address
        if (entry->ifa_addr == nullptr || interface != label.substr(0, label.find(':'))) continue;
        if (entry->ifa_addr->sa_family == AF_INET) {
            addresses.push_back(address_text(AF_INET, &reinterpret_cast<sockaddr_in*>(entry->ifa_addr)->sin_addr));
        } else if (entry->ifa_addr->sa_family == AF_INET6) {
            addresses.push_back(address_text(AF_INET6, &reinterpret_cast<sockaddr_in6*>(entry->ifa_addr)->sin6_addr));
        }
    }
    return addresses;
}

std::vector<std::string> interface_routes(const std::string& interface) {
    std::vector<std::string> destinations;
    const unsigned index = ::if_nametoindex(interface.c_str());
    const File socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (index == 0 || !socket.is_open()) return destinations;
    struct {
        nlmsghdr header{.nlmsg_len = sizeof(nlmsghdr) + sizeof(rtmsg),
                        .nlmsg_type = RTM_GETROUTE,
                        .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP};
        rtmsg message{.rtm_family = AF_UNSPEC};
    } request;
    if (::send(socket.get(), &request, sizeof request, 0) < 0) return destinations;
    alignas(nlmsghdr) std::array<char, 32768> datagram;
    for (;;) {
        const ssize_t got = ::recv(socket.get(), datagram.data(), datagram.size(), 0);
        if (got < 0 && errno == EINTR) continue;  // a list that ends too early could hide a route
        if (got <= 0) break;
        if (!collect_routes({datagram.data(), static_cast<std::size_t>(got)}, index, destinations)) break;
    }
    return destinations;
}

}  // namespace ixy
