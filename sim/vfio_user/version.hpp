// The first message: which version, and what each side can do. QEMU, docs/interop/vfio-user, VFIO_USER_VERSION.
#pragma once

#include <cstddef>
#include <span>

#include <ixy/sim/vfio_user/message.hpp>

namespace ixy::sim::vfio_user {

/// Answers a proposal of version 0.x with version 0.0 and those of the proposed capabilities that this server has.
/// The answer is never longer than the proposal, since QEMU keeps no more room for it; where that leaves none for
/// capabilities, the protocol's defaults hold, which this server keeps too. Errors: EINVAL (another major version, or
/// text that is not what it should be).
Reply negotiate(std::span<const std::byte> proposal);

}  // namespace ixy::sim::vfio_user
