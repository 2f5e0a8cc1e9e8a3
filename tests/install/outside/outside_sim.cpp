// A test outside the project: two software NICs on a cable, and a frame from one to the other.
#include <cstring>
#include <iostream>

#include <ixy/nic/device.hpp>
#include <ixy/sim/function.hpp>

int main() {
    ixy::sim::add_scheme();
    auto left = ixy::Device::open("sim:82540em,wire=a");
    auto right = ixy::Device::open("sim:82545em,wire=a");
    if (!left) return std::cerr << left.error().text() << '\n', 1;
    if (!right) return std::cerr << right.error().text() << '\n', 1;

    ixy::Batch<32> batch;
    batch.allocate(*left->pool(), 1);
    batch[0].set_length(60);
    std::memset(batch[0].data().data(), 0x55, 60);
    left->tx_queue(0).send(batch);  // the doorbell: the frame is in the other card's memory when this returns

    if (right->rx_queue(0).receive(batch) != 1) return std::cerr << "nothing arrived\n", 1;
    std::cout << "outside_sim: " << batch[0].length() << " bytes arrived\n";
}
