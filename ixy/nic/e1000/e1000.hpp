// The driver for the 8254x family: 82540EM and its kin. Its parts follow the manual's chapters:
//
//   e1000.cpp       chapter 14  initialisation, in the manual's order, and stop
//   eeprom.cpp      chapter 5   the EEPROM and the MAC address in it
//   microwire.cpp   5.3.2       the same on chips without the register for it
//   link.cpp        chapter 8   the PHY and the link
//   receive.cpp     3.2         the receive ring
//   special_frames.cpp          receiving frames that are damaged, long or tagged
//   transmit.cpp    3.3         the transmit ring
//   offloads.cpp    3.3.6       sending frames of several pieces, VLAN tags and checksums
//   segmentation.cpp 3.5        sending packets that the card cuts into segments
//   filters.cpp     13.5        receive addresses, multicast, promiscuous mode
//   statistics.cpp  13.7        the counters
//   recovery.cpp                when the card loses or repeats a write-back
//   interrupts.cpp  13.4.17     sleeping until something happens
//   limits.cpp                  which options are possible
//
// Manual: Intel, PCI/PCI-X Family of Gigabit Ethernet Controllers, Software Developer's Manual (317453).
#pragma once

#include <memory>

#include <ixy/nic/e1000/limits.hpp>
#include <ixy/nic/e1000/receive.hpp>
#include <ixy/nic/e1000/transmit.hpp>

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/nic/card_counters.hpp>
#include <ixy/nic/drivers.hpp>

namespace ixy::e1000 {

class Interrupts;  // interrupts.hpp

/// The cards of this family that the driver serves.
std::vector<DriverEntry> known_cards();

class E1000 final : public PciDriver {
public:
    /// Takes over `function`, resets the card and leaves it receiving. Errors: see Device::open.
    static Expected<std::unique_ptr<Driver>> open(std::unique_ptr<PciFunction> function, const DeviceOptions& options);
    /// Sends what is in the ring, stops the card and returns it as it was found.
    ~E1000() override;

    std::string_view name() const override { return "e1000"; }
    std::string_view model() const override { return chip_.name; }
    const DeviceOptions& options() const override { return options_; }
    DeviceLimits limits() const override { return e1000::limits(chip_); }
    RxRing& rx_ring(std::size_t) override { return *receive_; }
    TxRing& tx_ring(std::size_t) override { return *transmit_; }
    const std::shared_ptr<Mempool>& pool(std::size_t) override { return receive_->pool(); }

    MacAddress mac_address() override { return mac_; }
    Expected<> set_mac_address(const MacAddress& address) override;
    Expected<> set_multicast(std::span<const MacAddress> groups) override;
    Expected<> set_promiscuous(bool on) override;

    EventSource& arrivals(std::size_t) override;
    EventSource& room(std::size_t) override;
    EventSource& link_changes() override;

    Link link() override;
    Statistics statistics() override;
    std::vector<NamedCounter> counters() override;
    bool gone() override;

private:
    E1000(std::unique_ptr<PciFunction> function, Bar registers, const datasheet::e1000::Chip& chip,
          const DeviceOptions& options);

    // Chapter 14, in its order
    Expected<> start();
    Expected<> reset();
    void configure();
    Expected<> start_receive();
    Expected<> start_transmit();
    void stop();

    // Chapter 5
    Expected<MacAddress> read_mac_address();
    Expected<MacAddress> address_set_in_card();
    Expected<std::uint16_t> read_eeprom(std::uint32_t word);
    std::uint16_t read_eeprom_pins(std::uint32_t word);

    // Chapter 8
    void wake_phy();
    Expected<> wait_for_link();
    Expected<std::uint16_t> read_phy(std::uint32_t address);
    Expected<> write_phy(std::uint32_t address, std::uint16_t value);

    Interrupts& interrupts();
    void refresh_counters();
    std::uint64_t bytes_sent() const;
    void write_receive_address(std::size_t index, const MacAddress& address);
    template <class Condition>
    Expected<> wait_until(Condition condition, std::chrono::milliseconds limit, std::string_view what);
    std::unexpected<Error> disappeared() const;
    std::unexpected<Error> fail(ErrorKind kind, std::string_view what, std::string next = {}) const;

    Bar registers_;
    const datasheet::e1000::Chip& chip_;
    DeviceOptions options_;
    MacAddress mac_;
    CardCounters counters_;
    std::unique_ptr<ReceiveRing> receive_;
    std::unique_ptr<TransmitRing> transmit_;
    std::unique_ptr<Interrupts> interrupts_;
};

/// Waits until `condition` holds, checking every 100 us, for at most `limit` of the device's time.
template <class Condition>
Expected<> E1000::wait_until(Condition condition, std::chrono::milliseconds limit, std::string_view what) {
    for (std::chrono::microseconds waited{0}; waited < limit; waited += std::chrono::microseconds(100)) {
        if (condition()) return {};
        function().wait(std::chrono::microseconds(100));
    }
    return fail(ErrorKind::timeout, what, "the card does not work as its manual says; is it broken or powered off?");
}

}  // namespace ixy::e1000
