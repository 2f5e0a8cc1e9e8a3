// Random scripts: a driver that knows the manual and does everything that it allows, in any order.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <random>

#include "tests/differential/script.hpp"

namespace ixy::test {

/// Makes a script step by step, since what can be done next depends on where the card's heads are.
class Generator {
public:
    /// `peek` reads a register of the card without having an effect.
    Generator(std::uint64_t seed, std::function<std::uint32_t(std::uint32_t offset)> peek);

    Step next();

private:
    struct Ring {
        std::uint64_t base = 0;
        std::uint32_t size = 8;
        std::uint32_t tail = 0;
    };
    struct Headers;

    // --- what is done, each a few steps ---
    void set_up();
    void set_up_receive();
    void set_up_transmit();
    void give_buffers();
    void receive();
    void send();
    void send_plain();
    void send_with_checksums();
    void send_segmented();
    void interrupts();
    void remember();
    void read_counters();
    void change_filters();
    void read_eeprom();
    void read_phy();

    // --- steps ---
    void write(const datasheet::RegisterInfo& reg, std::uint32_t value, std::size_t index = 0);
    void read(const datasheet::RegisterInfo& reg, std::size_t index = 0);
    void drop(const datasheet::RegisterInfo& reg);
    void put(std::uint64_t address, std::vector<std::byte> bytes);
    void fill(std::uint64_t address, std::size_t size);
    template <class T>
    void put_words(std::uint64_t address, const T& words);

    // --- descriptors ---
    template <class T>
    void post(const T& descriptor);
    /// Posts descriptors for the bytes in [address, address + size), in `pieces` pieces; `command` is for all of them.
    void post_pieces(std::uint64_t address, std::size_t size, std::size_t pieces, std::uint32_t command,
                     std::uint32_t status);
    std::uint32_t transmit_room() const;
    std::uint32_t receive_free() const;
    std::uint64_t transmit_memory(std::size_t size);
    Headers make_headers(std::size_t payload, bool tcp);

    // --- chance ---
    std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }
    bool chance(std::uint32_t percent) { return below(100) < percent; }
    std::uint32_t bits() { return static_cast<std::uint32_t>(random_()); }
    template <class T>
    T one_of(std::initializer_list<T> list) {
        return list.begin()[below(static_cast<std::uint32_t>(list.size()))];
    }

    std::mt19937_64 random_;
    std::function<std::uint32_t(std::uint32_t)> peek_;
    std::deque<Step> steps_;

    Ring receive_;
    Ring transmit_;
    std::uint64_t transmit_next_ = 0;
    std::uint32_t buffer_size_ = 2048;
    std::uint32_t control_ = 0;  ///< RCTL
    bool tags_ = false;          ///< CTRL.VME
    std::uint32_t actions_ = 0;  ///< until everything is set up anew
};

}  // namespace ixy::test
