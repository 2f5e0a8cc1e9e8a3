// A batch whose capacity is chosen on the command line.
#pragma once

#include <ixy/core/batch.hpp>

#include "options.hpp"

namespace ixy::app {

/// Holds at most `capacity` packets, 1 to largest_batch.
class SizedBatch final : public PacketBatch {
public:
    explicit SizedBatch(std::size_t capacity) : PacketBatch(storage_, capacity) { assert(capacity <= largest_batch); }

private:
    Packet* storage_[largest_batch];
};

}  // namespace ixy::app
