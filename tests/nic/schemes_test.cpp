// A device that is no PCI function: its address has a scheme of its own, which leads to its driver.
#include <gtest/gtest.h>

#include <ixy/core/process_space.hpp>
#include <ixy/nic/device.hpp>
#include <ixy/nic/drivers.hpp>

namespace ixy {
namespace {

/// Sends to itself, in memory.
class Mirror final : public Driver, private RxRing, private TxRing {
public:
    explicit Mirror(std::string_view address, const DeviceOptions& options) : address_(address), options_(options) {}

    std::string_view name() const override { return "mirror"; }
    std::string_view model() const override { return "mirror"; }
    std::string_view address() const override { return address_; }
    int numa_node() const override { return any_node; }
    const std::shared_ptr<DmaSpace>& dma_space() const override { return space_; }
    const DeviceOptions& options() const override { return options_; }
    DeviceLimits limits() const override { return {}; }
    RxRing& rx_ring(std::size_t) override { return *this; }
    TxRing& tx_ring(std::size_t) override { return *this; }
    const std::shared_ptr<Mempool>& pool(std::size_t) override { return pool_; }
    MacAddress mac_address() override { return {}; }
    Expected<> set_mac_address(const MacAddress&) override { return {}; }
    Expected<> set_multicast(std::span<const MacAddress>) override { return {}; }
    Expected<> set_promiscuous(bool) override { return {}; }
    Link link() override { return {.up = true}; }
    Statistics statistics() override { return {}; }
    std::vector<NamedCounter> counters() override { return {}; }
    bool gone() override { return false; }

private:
    std::size_t receive(PacketBatch& batch) override {
        batch.clear();
        if (held_.empty()) return 0;
        batch.free_slots()[0] = held_.front();
        held_.pop_back();
        batch.grow(1);
        return 1;
    }
    std::size_t send(PacketBatch& batch) override {
        held_.push_back(batch.pointers().front());
        batch.release_front(1);
        return 1;
    }
    std::size_t reclaim() override { return 0; }

    std::string address_;
    DeviceOptions options_;
    std::shared_ptr<DmaSpace> space_ = ProcessSpace::create().value();
    std::shared_ptr<Mempool> pool_ = Mempool::create(space_).value();
    std::vector<Packet*> held_;
};

Expected<std::unique_ptr<Driver>> open_mirror(std::string_view address, const DeviceOptions& options) {
    if (address.ends_with("broken")) return failure(ErrorKind::device_failed, "the mirror is broken", "get another");
    return std::make_unique<Mirror>(address, options);
}

TEST(schemes, an_added_scheme_leads_to_a_device_that_is_no_pci_function) {
    add_device_scheme("mirror", open_mirror);
    auto device = Device::open("mirror:/here");
    ASSERT_TRUE(device) << device.error().text();
    EXPECT_EQ(device->address(), "mirror:/here");
    EXPECT_EQ(device->model(), "mirror");
    EXPECT_EQ(device->pci_function(), nullptr);
    EXPECT_EQ(device->numa_node(), any_node);

    Batch<4> batch;
    ASSERT_EQ(batch.allocate(*device->pool(), 1), 1U);
    EXPECT_EQ(device->tx_queue(0).send(batch), 1U);
    EXPECT_EQ(device->rx_queue(0).receive(batch), 1U);
}

TEST(schemes, errors_of_an_opener_arrive_as_they_are) {
    add_device_scheme("mirror", open_mirror);
    const auto device = Device::open("mirror:broken");
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().text(), "the mirror is broken; get another");
}

TEST(schemes, addresses_of_pci_functions_and_unknown_schemes_lead_to_no_opener) {
    EXPECT_EQ(find_device_opener("0000:03:00.0"), nullptr);
    EXPECT_EQ(find_device_opener("03:00.0"), nullptr);
    EXPECT_EQ(find_device_opener("mirrors:/here"), nullptr);
    EXPECT_EQ(find_device_opener("mirror"), nullptr);
}

}  // namespace
}  // namespace ixy
