// The queries about one interface: its link, addresses, routes, next hops, and further hardware addresses.
#include <ixy/pci/interface_state.hpp>

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <net/if.h>
#include <netinet/in.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include <ixy/pci/netlink.hpp>

namespace ixy {
namespace {

using Bytes = std::span<const std::byte>;

constexpr int link_parent_device = 56;  // IFLA_PARENT_DEV_NAME, which headers before Linux 5.14 do not define

std::string address_text(int family, Bytes address) {
    const std::size_t size = family == AF_INET ? sizeof(in_addr) : family == AF_INET6 ? sizeof(in6_addr) : 0;
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (size == 0 || address.size() < size) return "an address of family " + std::to_string(family);
    return ::inet_ntop(family, address.data(), text.data(), text.size()) != nullptr ? text.data() : "";
}

std::string hardware_address_text(Bytes address) {
    std::string text;
    for (const std::byte byte : address) {
        char part[4];
        std::snprintf(part, sizeof part, "%02x:", std::to_integer<unsigned>(byte));
        text += part;
    }
    if (!text.empty()) text.pop_back();
    return text;
}

Expected<> ask_link(Netlink& kernel, InterfaceState& state) {
    const ifinfomsg wanted{.ifi_family = AF_UNSPEC, .ifi_index = static_cast<int>(state.index)};
    return kernel.get(RTM_GETLINK, wanted, [&state](const nlmsghdr& message) {
        if (message.nlmsg_type != RTM_NEWLINK) return;
        for_each_attribute_of<ifinfomsg>(message, [&state](int kind, Bytes bytes) {
            if (kind == IFLA_ADDRESS) state.hardware_address = hardware_address_text(bytes);
            if (kind == IFLA_PROMISCUITY) state.promiscuous = attribute_number(bytes) != 0;
            if (kind == link_parent_device) state.parent = attribute_text(bytes);
            if (kind != IFLA_XDP) return;
            for_each_attribute(bytes, [&state](int inner, Bytes attached) {
                if (inner == IFLA_XDP_ATTACHED && !attached.empty()) state.xdp = attached[0] != std::byte{0};
            });
        });
    });
}

Expected<> ask_addresses(Netlink& kernel, InterfaceState& state) {
    return kernel.list(RTM_GETADDR, ifaddrmsg{.ifa_family = AF_UNSPEC}, [&state](const nlmsghdr& message) {
        const auto& head = netlink_body<ifaddrmsg>(message);
        if (message.nlmsg_type != RTM_NEWADDR || head.ifa_index != state.index) return;
        std::string text;
        for_each_attribute_of<ifaddrmsg>(message, [&](int kind, Bytes bytes) {
            // On a point-to-point link IFA_ADDRESS is the other end's, and IFA_LOCAL ours.
            if (kind == IFA_LOCAL || (kind == IFA_ADDRESS && text.empty())) text = address_text(head.ifa_family, bytes);
        });
        state.addresses.push_back(text.empty() ? "an address" : text);
    });
}

/// Whether one of the next hops of a multipath route goes through interface `index`.
bool multipath_uses(Bytes hops, unsigned index) {
    while (hops.size() >= sizeof(rtnexthop)) {
        const auto* hop = reinterpret_cast<const rtnexthop*>(hops.data());
        if (hop->rtnh_len < sizeof *hop || hop->rtnh_len > hops.size()) return false;
        if (static_cast<unsigned>(hop->rtnh_ifindex) == index) return true;
        hops = hops.subspan(std::min<std::size_t>(RTNH_ALIGN(hop->rtnh_len), hops.size()));
    }
    return false;
}

/// Routes that lead nowhere name the loopback interface, but use none.
bool leads_somewhere(const rtmsg& route) {
    return route.rtm_type != RTN_BLACKHOLE && route.rtm_type != RTN_UNREACHABLE && route.rtm_type != RTN_PROHIBIT &&
           route.rtm_type != RTN_THROW;
}

Expected<> ask_routes(Netlink& kernel, InterfaceState& state) {
    return kernel.list(RTM_GETROUTE, rtmsg{.rtm_family = AF_UNSPEC}, [&state](const nlmsghdr& message) {
        const auto& head = netlink_body<rtmsg>(message);
        // A route that the kernel adds for an address (RTPROT_KERNEL) says no more than the address.
        if (message.nlmsg_type != RTM_NEWROUTE || head.rtm_protocol == RTPROT_KERNEL || !leads_somewhere(head)) return;
        std::string destination = "default";
        bool uses = false;
        for_each_attribute_of<rtmsg>(message, [&](int kind, Bytes bytes) {
            // RTA_IIF: where a multicast route takes its frames from.
            if (kind == RTA_OIF || kind == RTA_IIF) uses |= attribute_number(bytes) == state.index;
            if (kind == RTA_MULTIPATH) uses |= multipath_uses(bytes, state.index);
            if (kind != RTA_DST) return;
            const int family = head.rtm_family == RTNL_FAMILY_IPMR    ? AF_INET
                               : head.rtm_family == RTNL_FAMILY_IP6MR ? AF_INET6
                                                                      : head.rtm_family;
            destination = address_text(family, bytes) + "/" + std::to_string(head.rtm_dst_len);
        });
        if (uses) state.routes.push_back(destination);
    });
}

/// Next hops that routes name by number: such a route may show its interface only here.
Expected<> ask_next_hops(Netlink& kernel, InterfaceState& state) {
    return kernel.list(RTM_GETNEXTHOP, nhmsg{.nh_family = AF_UNSPEC}, [&state](const nlmsghdr& message) {
        if (message.nlmsg_type != RTM_NEWNEXTHOP) return;
        std::uint32_t number = 0, index = 0;
        for_each_attribute_of<nhmsg>(message, [&](int kind, Bytes bytes) {
            if (kind == NHA_ID) number = attribute_number(bytes);
            if (kind == NHA_OIF) index = attribute_number(bytes);
        });
        if (index == state.index) state.routes.push_back("next hop " + std::to_string(number));
    });
}

/// Sysfs shows a macvlan only if it is in the same network namespace, and a container's is not. But the card has to
/// receive for the macvlan's address.
Expected<> ask_further_addresses(Netlink& kernel, InterfaceState& state) {
    const ndmsg wanted{.ndm_family = AF_BRIDGE, .ndm_ifindex = static_cast<int>(state.index)};
    return kernel.list(RTM_GETNEIGH, wanted, [&state](const nlmsghdr& message) {
        const auto& head = netlink_body<ndmsg>(message);
        if (message.nlmsg_type != RTM_NEWNEIGH || head.ndm_ifindex != static_cast<int>(state.index)) return;
        for_each_attribute_of<ndmsg>(message, [&](int kind, Bytes bytes) {
            const bool unicast = !bytes.empty() && (bytes[0] & std::byte{1}) == std::byte{0};
            if (kind != NDA_LLADDR || !unicast) return;
            const std::string text = hardware_address_text(bytes);
            if (text != state.hardware_address) state.further_addresses.push_back(text);
        });
    });
}

}  // namespace

Expected<InterfaceState> interface_state(const std::string& interface) {
    InterfaceState state{.index = ::if_nametoindex(interface.c_str())};
    if (state.index == 0) return system_failure(interface, errno);
    auto kernel = Netlink::open();
    if (!kernel) return std::unexpected(kernel.error());
    for (const auto question : {ask_link, ask_addresses, ask_routes}) {
        if (const auto answer = question(*kernel, state); !answer) return std::unexpected(answer.error());
    }
    // A kernel that does not know of these has none.
    for (const auto question : {ask_next_hops, ask_further_addresses}) {
        const auto answer = question(*kernel, state);
        if (!answer && answer.error().kind != ErrorKind::unsupported) return std::unexpected(answer.error());
    }
    return state;
}

}  // namespace ixy
