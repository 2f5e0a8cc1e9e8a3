// One datagram, with or without a file.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include <ixy/core/files.hpp>

namespace ixy::sim {

struct Datagram {
    std::size_t size;  ///< may be more than there was space for
    File file;         ///< that came with it; usually none
};

/// Takes the next datagram from `socket`. Empty when there is none.
std::optional<Datagram> receive_datagram(int socket, std::span<std::byte> space);
/// Sends to the peer of `socket`. Returns 0 or errno; never waits.
int send_datagram(int socket, std::span<const std::byte> bytes, const File& file = {});
/// Whether that errno means that there is no room now, but may be later.
bool is_lack_of_room(int error);

}  // namespace ixy::sim
