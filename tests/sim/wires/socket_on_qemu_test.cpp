// A wire to QEMU: two of its -netdev dgram on one hub, each at the far end of a wire.
#include <cstdlib>

#include "process.hpp"

namespace ixy::sim::test {
namespace {

/// Sends `frame`, even while QEMU has yet to take earlier ones, and waits for a frame to arrive.
Frame carry(Wire& from, Wire& to, const Frame& frame) {
    from.send(frame, now());
    Frame arrived;
    eventually([&] {
        from.advance(now());
        const auto next = to.receive(now());
        if (next && number_of(next->bytes) != opening) arrived.assign(next->bytes.begin(), next->bytes.end());
        return !arrived.empty();
    });
    return arrived;
}

TEST(SocketWireOnQemu, frames_go_through_its_hub_both_ways) {
    const Folder folder;
    const auto netdev = [&](const std::string& id) {
        return "dgram,id=" + id + ",local.type=unix,local.path=" + folder.path("qemu-" + id) +
               ",remote.type=unix,remote.path=" + folder.path(id);
    };
    const auto one = open(folder.path("a") + ":" + folder.path("qemu-a"));
    const auto other = open(folder.path("b") + ":" + folder.path("qemu-b"));
    const Process qemu([&] {
        const char* const program = std::getenv("IXY_QEMU") != nullptr ? std::getenv("IXY_QEMU") : "qemu-system-x86_64";
        ::execlp(program, program, "-machine", "none", "-nodefaults", "-display", "none", "-netdev",
                 netdev("a").c_str(), "-netdev", netdev("b").c_str(), "-netdev", "hubport,id=ha,hubid=0,netdev=a",
                 "-netdev", "hubport,id=hb,hubid=0,netdev=b", nullptr);
        return 127;
    });
    ASSERT_TRUE(eventually([&] { return one->send(numbered(opening), now()), other->receive(now()).has_value(); }));
    for (std::uint32_t i = 0; i < 1000; ++i) {
        ASSERT_EQ(carry(*one, *other, numbered(i, 60 + i)), numbered(i, 60 + i)) << i;
        ASSERT_EQ(carry(*other, *one, numbered(i, 60 + i)), numbered(i, 60 + i)) << i;
    }
    // QEMU drops frames sent faster than the other side takes them, and then its hub also changes the order.
    send_numbers(*one, 0, 200, now());
    std::vector<std::uint32_t> numbers;
    ASSERT_TRUE(eventually([&] {
        one->advance(now());
        std::ranges::copy(numbers_at(*other, now()), std::back_inserter(numbers));
        return numbers.size() > 5;
    }));
    while (readable(*other, 200ms)) std::ranges::copy(numbers_at(*other, now()), std::back_inserter(numbers));
    std::ranges::sort(numbers);
    EXPECT_LT(numbers.back(), 200U);
    EXPECT_EQ(std::ranges::adjacent_find(numbers), numbers.end()) << "a frame arrived twice";
}

}  // namespace
}  // namespace ixy::sim::test
