// The card's regions as VFIO numbers them (BARs, configuration space), and accesses to them.
#pragma once

#include <ixy/pci/function.hpp>
#include <ixy/sim/card/card.hpp>
#include <ixy/sim/servers/vfio_user/message.hpp>

namespace ixy::sim::vfio_user {

/// Bytes of region `index`; 0 for one that the card does not have.
std::uint64_t region_size(const Card& card, std::uint32_t index);

/// VFIO_USER_DEVICE_GET_REGION_INFO. The client cannot map any region: the server must see each register access.
/// Errors: EINVAL.
Reply region_info(const Card& card, const Message& request);
/// VFIO_USER_DEVICE_GET_REGION_IO_FDS: there are none, for the same reason. Errors: EINVAL.
Reply region_io_fds(const Card& card, const Message& request);

/// Where accesses go: to the card itself, or through the function `between`, which is in front of it.
struct Target {
    Card& card;
    PciFunction* between = nullptr;
};

/// VFIO_USER_DEVICE_RESET, through `between` if there is one; the card is reset even if the client sees it as gone.
void reset(const Target& target);
/// VFIO_USER_REGION_READ. A naturally aligned access of 1, 2, 4 or (BARs) 8 bytes is one access of the card; any other
/// becomes a sequence of them, 4 bytes at most. Errors: EINVAL (beyond the region).
Reply read_region(const Target& target, const Message& request);
/// VFIO_USER_REGION_WRITE, likewise.
Reply write_region(const Target& target, const Message& request);
/// VFIO_USER_REGION_WRITE_MULTI: all of the writes, or none if one is invalid.
Reply write_regions(const Target& target, const Message& request);

}  // namespace ixy::sim::vfio_user
