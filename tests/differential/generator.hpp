// Random scripts: a driver that follows the manual and does everything it allows, in any order.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <random>

#include "tests/differential/headers.hpp"
#include "tests/differential/rings.hpp"
#include "tests/differential/script.hpp"

namespace ixy::test {

/// Makes a script step by step, since the possible next steps depend on the card's heads.
class Generator {
public:
    /// `peek` reads a register of the card without side effects.
    Generator(const datasheet::e1000::Chip& chip, std::uint64_t seed,
              std::function<std::uint32_t(std::uint32_t offset)> peek);

    Step next();

private:
    struct Ring {
        std::uint64_t base = 0;
        std::uint32_t size = 8;
        std::uint32_t tail = 0;
    };

    // --- actions, each a few steps ---
    void read_reset_values();
    void set_up();
    void set_up_receive();
    void set_up_formats();
    void set_up_scaling();
    void set_up_messages();
    void set_up_transmit();
    void give_buffers(std::size_t queue);
    void receive();
    bool is_comparable(std::uint32_t size) const;
    std::vector<std::byte> make_ethernet(bool tagged);
    void frame_of_any_type(std::uint32_t size);
    void frame_of_ip(std::uint32_t size);
    void send();
    void send_plain();
    void send_with_checksums();
    void send_segmented();
    void interrupts();
    void remember();
    void read_counters();
    void unplug();
    void change_filters();
    void read_eeprom();
    void read_phy();

    // --- steps ---
    void write(const datasheet::RegisterInfo& reg, std::uint32_t value, std::size_t index = 0);
    void read(const datasheet::RegisterInfo& reg, std::size_t index = 0);
    void drop(const datasheet::RegisterInfo& reg);
    void set_up_ring(const RingRegisters& at, const Ring& ring);
    void put(std::uint64_t address, std::vector<std::byte> bytes);
    void fill(std::uint64_t address, std::size_t size);
    template <class T>
    void put_words(std::uint64_t address, const T& words);

    // --- descriptors ---
    Ring& transmit_queue() { return transmit_[queue_]; }
    template <class T>
    void post(const T& descriptor);
    /// Posts descriptors for the bytes in [address, address + size), in `pieces` pieces; all get `command`.
    void post_pieces(std::uint64_t address, std::size_t size, std::size_t pieces, std::uint32_t command,
                     std::uint32_t status);
    std::uint32_t transmit_room() const;
    std::uint32_t receive_free(std::size_t queue) const;
    std::uint32_t causes() const;
    std::uint32_t clearable() const;
    std::uint64_t transmit_memory(std::size_t size);
    Headers make_headers(std::size_t payload, bool tcp, bool segmented);

    // --- chance ---
    std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }
    bool chance(std::uint32_t percent) { return below(100) < percent; }
    std::uint32_t bits() { return static_cast<std::uint32_t>(random_()); }
    template <class T>
    T one_of(std::initializer_list<T> list) {
        return list.begin()[below(static_cast<std::uint32_t>(list.size()))];
    }

    const datasheet::e1000::Chip& chip_;
    const std::size_t queues_;
    std::mt19937_64 random_;
    std::function<std::uint32_t(std::uint32_t)> peek_;
    std::deque<Step> steps_;

    std::array<Ring, 2> receive_;
    std::array<Ring, 2> transmit_;
    std::size_t queue_ = 0;  ///< the queue being sent from
    std::uint64_t transmit_next_ = 0;
    std::uint32_t buffer_size_ = 2048;
    std::uint32_t control_ = 0;  ///< RCTL
    std::uint32_t tag_type_ = 0x8100;
    bool tags_ = false;          ///< CTRL.VME
    bool extended_ = false;      ///< RFCTL.EXSTEN
    bool messages_ = false;      ///< MSI-X
    std::uint32_t actions_ = 0;  ///< until everything is set up again
};

}  // namespace ixy::test
