// Pools for tests, in this process's memory, with checks enabled.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include <ixy/core/mempool.hpp>
#include <ixy/core/process_space.hpp>

namespace ixy::test {

inline std::shared_ptr<Mempool> make_pool(std::size_t packets, bool checked = true) {
    auto pool = Mempool::create(*ProcessSpace::create(), {.packets = packets, .checked = checked});
    EXPECT_TRUE(pool.has_value()) << pool.error().text();
    return *pool;
}

}  // namespace ixy::test
