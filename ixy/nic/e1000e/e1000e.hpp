// The driver for the 82574L, a PCI Express card with two queues in each direction. Its parts follow the datasheet:
//
//   e1000e.cpp      4.6         initialisation, in the datasheet's order, and stop
//   eeprom.cpp      6           the EEPROM and the MAC address in it
//   link.cpp        10.3        the PHY and the link
//   receive.cpp     7.1         the receive rings
//   rss.cpp         7.1.10      which queue a received frame goes to
//   special_frames.cpp          receiving frames that are damaged, long or tagged
//   transmit.cpp    7.2         the transmit rings
//   offloads.cpp    7.3         sending frames of several pieces, VLAN tags and checksums
//   segmentation.cpp 7.3.6      sending packets that the card cuts into segments
//   filters.cpp     7.1.1       receive addresses, multicast, promiscuous mode
//   statistics.cpp  10.2.7      the counters
//   recovery.cpp                when the card loses or repeats a write-back
//   interrupts.cpp  7.4         sleeping until something happens
//   limits.cpp                  which options are possible
//
// Its registers are those of the 8254x and some more, so their table is the e1000's. Datasheet: Intel, 82574 GbE
// Controller Family (317694).
#pragma once

#include <memory>
#include <vector>

#include <ixy/nic/e1000e/limits.hpp>
#include <ixy/nic/e1000e/receive.hpp>
#include <ixy/nic/e1000e/transmit.hpp>

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/nic/card_counters.hpp>
#include <ixy/nic/drivers.hpp>

namespace ixy::e1000e {

inline constexpr const datasheet::e1000::Chip& chip = datasheet::e1000::CHIP_82574L;

class Interrupts;  // interrupts.hpp

/// The cards that the driver serves.
std::vector<DriverEntry> known_cards();

class E1000e final : public PciDriver {
public:
    /// Takes over `function`, resets the card and leaves it receiving. Errors: see Device::open.
    static Expected<std::unique_ptr<Driver>> open(std::unique_ptr<PciFunction> function, const DeviceOptions& options);
    /// Sends what is in the rings, stops the card and returns it as it was found.
    ~E1000e() override;

    std::string_view name() const override { return "e1000e"; }
    std::string_view model() const override { return chip.name; }
    const DeviceOptions& options() const override { return options_; }
    DeviceLimits limits() const override { return e1000e::limits(); }
    RxRing& rx_ring(std::size_t index) override { return *receive_[index]; }
    TxRing& tx_ring(std::size_t index) override { return *transmit_[index]; }
    const std::shared_ptr<Mempool>& pool(std::size_t rx_queue) override { return receive_[rx_queue]->pool(); }

    MacAddress mac_address() override { return mac_; }
    Expected<> set_mac_address(const MacAddress& address) override;
    Expected<> set_multicast(std::span<const MacAddress> groups) override;
    Expected<> set_promiscuous(bool on) override;

    EventSource& arrivals(std::size_t rx_queue) override;
    EventSource& room(std::size_t tx_queue) override;
    EventSource& link_changes() override;

    Link link() override;
    Statistics statistics() override;
    std::vector<NamedCounter> counters() override;
    bool gone() override;

private:
    E1000e(std::unique_ptr<PciFunction> function, Bar registers, const DeviceOptions& options);

    // 4.6, in its order
    Expected<> start();
    Expected<> reset();
    void configure();
    Expected<> start_receive();
    Expected<> start_transmit();
    void stop();

    // Chapter 6
    Expected<MacAddress> read_mac_address();
    Expected<MacAddress> address_set_in_card();
    Expected<std::uint16_t> read_eeprom(std::uint32_t word);

    // 10.3
    Expected<> own_phy();
    void release_phy();
    void wake_phy();
    Expected<> wait_for_link();
    Expected<std::uint16_t> read_phy(std::uint32_t address);
    Expected<> write_phy(std::uint32_t address, std::uint16_t value);

    Interrupts& interrupts();
    void set_up_rss();
    void write_receive_address(std::size_t index, const MacAddress& address);
    void refresh_counters();
    std::uint64_t bytes_sent() const;
    bool has_sent_everything() const;
    template <class Condition>
    Expected<> wait_until(Condition condition, std::chrono::milliseconds limit, std::string_view what);
    std::unexpected<Error> disappeared() const;
    std::unexpected<Error> fail(ErrorKind kind, std::string_view what, std::string next = {}) const;

    Bar registers_;
    DeviceOptions options_;
    MacAddress mac_;
    CardCounters counters_;
    bool counts_fcs_ = true;  // in octets sent
    std::vector<std::unique_ptr<ReceiveRing>> receive_;
    std::vector<std::unique_ptr<TransmitRing>> transmit_;
    std::unique_ptr<Interrupts> interrupts_;
};

/// Waits until `condition` holds, checking every 100 us, for at most `limit` of the device's time.
template <class Condition>
Expected<> E1000e::wait_until(Condition condition, std::chrono::milliseconds limit, std::string_view what) {
    for (std::chrono::microseconds waited{0}; waited < limit; waited += std::chrono::microseconds(100)) {
        if (condition()) return {};
        function().wait(std::chrono::microseconds(100));
    }
    return fail(ErrorKind::timeout, what, "the card does not work as its datasheet says; is it broken or powered off?");
}

}  // namespace ixy::e1000e
