// The first message: which version, and what each side can do. QEMU, docs/interop/vfio-user, VFIO_USER_VERSION.
#pragma once

#include <cstddef>
#include <span>

#include <ixy/sim/servers/vfio_user/message.hpp>

namespace ixy::sim::vfio_user {

/// Answers a proposal of version 0.x with version 0.0 and those of the proposed capabilities that this server has.
/// The answer is never longer than the proposal, since QEMU reserves no more room for it; if that leaves none for
/// capabilities, the protocol's defaults apply, which this server respects too. Errors: EINVAL (another major version,
/// or malformed text).
Reply negotiate(std::span<const std::byte> proposal);

}  // namespace ixy::sim::vfio_user
