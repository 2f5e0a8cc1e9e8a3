// Queries to the kernel's network stack in this network namespace: rtnetlink(7).
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>

#include <ixy/core/error.hpp>
#include <ixy/core/files.hpp>

namespace ixy {

/// One socket to rtnetlink. Thread rule: one thread at a time.
class Netlink {
public:
    using Visit = std::function<void(const nlmsghdr& message)>;

    /// Errors: system, permission.
    static Expected<Netlink> open();

    /// Asks for the whole list that `type` names (RTM_GETROUTE, …) and calls `visit` for each entry. An entry may be
    /// visited twice: a list that changed while it was read is read again. Errors: unsupported (this kernel does not
    /// support the request), system (the list could not be read to its end).
    template <class Body>
    Expected<> list(std::uint16_t type, const Body& body, const Visit& visit) {
        return ask(type, NLM_F_DUMP, std::as_bytes(std::span(&body, 1)), visit);
    }
    /// Asks for one thing. Errors: as list; not_found.
    template <class Body>
    Expected<> get(std::uint16_t type, const Body& body, const Visit& visit) {
        return ask(type, NLM_F_ACK, std::as_bytes(std::span(&body, 1)), visit);
    }

private:
    explicit Netlink(File socket) : socket_(std::move(socket)) {}
    Expected<> ask(std::uint16_t type, std::uint16_t flags, std::span<const std::byte> body, const Visit& visit);
    Expected<bool> receive(const Visit& visit);

    File socket_;
    std::uint32_t sequence_ = 0;
};

/// The fixed part of a message that begins with a `Body`.
template <class Body>
const Body& netlink_body(const nlmsghdr& message) {
    return *reinterpret_cast<const Body*>(reinterpret_cast<const char*>(&message) + NLMSG_HDRLEN);
}

/// Calls `visit(kind, bytes)` for each attribute in `bytes`, in order.
template <class Visit>
void for_each_attribute(std::span<const std::byte> bytes, Visit visit) {
    auto left = static_cast<int>(bytes.size());
    for (auto* each = reinterpret_cast<const rtattr*>(bytes.data()); RTA_OK(each, left); each = RTA_NEXT(each, left)) {
        visit(each->rta_type & NLA_TYPE_MASK,
              std::span(static_cast<const std::byte*>(RTA_DATA(each)), static_cast<std::size_t>(RTA_PAYLOAD(each))));
    }
}

/// The same for the attributes after the `Body` of a message.
template <class Body, class Visit>
void for_each_attribute_of(const nlmsghdr& message, Visit visit) {
    constexpr std::size_t fixed = NLMSG_SPACE(sizeof(Body));
    if (message.nlmsg_len <= fixed) return;
    for_each_attribute({reinterpret_cast<const std::byte*>(&message) + fixed, std::size_t{message.nlmsg_len} - fixed},
                       visit);
}

/// An attribute's bytes as a number; 0 if there are too few.
inline std::uint32_t attribute_number(std::span<const std::byte> bytes) {
    std::uint32_t number = 0;
    if (bytes.size() >= sizeof number) std::memcpy(&number, bytes.data(), sizeof number);
    return number;
}

/// An attribute's bytes as text, without the zero at its end.
inline std::string attribute_text(std::span<const std::byte> bytes) {
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return text.substr(0, text.find('\0'));
}

}  // namespace ixy
