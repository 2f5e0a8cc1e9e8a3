// A program outside the project: it uses packets and pools without a card, and prints the errors for wrong addresses.
#include <cstring>
#include <iostream>

#include <ixy/core/batch.hpp>
#include <ixy/core/mempool.hpp>
#include <ixy/core/process_space.hpp>
#include <ixy/nic/device.hpp>

int main() {
    auto space = ixy::ProcessSpace::create();
    if (!space) return std::cerr << space.error().text() << '\n', 1;
    auto pool = ixy::Mempool::create(*space, {.packets = 64});
    if (!pool) return std::cerr << pool.error().text() << '\n', 1;
    {
        ixy::Batch<32> batch;
        if (batch.allocate(**pool, batch.room()) != 32) return std::cerr << "the pool has too few packets\n", 1;
        for (ixy::Packet& packet : batch) std::memset(packet.data().data(), 0, packet.data().size());
        std::cout << "outside: " << batch.size() << " packets of " << (*pool)->data_room() << " bytes\n";
    }
    const auto software = ixy::Device::open("sim:82540em");  // which this program does not link
    if (software) return std::cerr << "a software NIC was opened without its library\n", 1;
    std::cout << "outside: " << software.error().text() << '\n';
    if (software.error().next.find("ixy::sim::add_scheme()") == std::string::npos) return 1;

    const auto device = ixy::Device::open("0000:zz:00.0");
    if (device) return std::cerr << "a malformed address was opened\n", 1;
    std::cout << "outside: " << device.error().text() << '\n';
    return device.error().kind == ixy::ErrorKind::invalid_argument ? 0 : 1;
}
