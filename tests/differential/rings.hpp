// The registers of a chip's descriptor rings, queue by queue.
#pragma once

#include <array>
#include <cstddef>

#include <ixy/datasheet/e1000/chip.hpp>
#include <ixy/datasheet/e1000/pcie.hpp>
#include <ixy/datasheet/e1000/registers.hpp>

namespace ixy::test {

struct RingRegisters {
    const datasheet::Number& base_low;
    const datasheet::Number& base_high;
    const datasheet::Number& length;
    const datasheet::Number& head;
    const datasheet::Number& tail;

    std::array<const datasheet::Number*, 5> all() const { return {&base_low, &base_high, &length, &head, &tail}; }
};

inline constexpr std::array<RingRegisters, 2> receive_rings{
    {{datasheet::e1000::RDBAL, datasheet::e1000::RDBAH, datasheet::e1000::RDLEN, datasheet::e1000::RDH,
      datasheet::e1000::RDT},
     {datasheet::e1000::RDBAL1, datasheet::e1000::RDBAH1, datasheet::e1000::RDLEN1, datasheet::e1000::RDH1,
      datasheet::e1000::RDT1}}};
inline constexpr std::array<RingRegisters, 2> transmit_rings{
    {{datasheet::e1000::TDBAL, datasheet::e1000::TDBAH, datasheet::e1000::TDLEN, datasheet::e1000::TDH,
      datasheet::e1000::TDT},
     {datasheet::e1000::TDBAL1, datasheet::e1000::TDBAH1, datasheet::e1000::TDLEN1, datasheet::e1000::TDH1,
      datasheet::e1000::TDT1}}};

/// The number of queues in each direction.
inline std::size_t queues_of(const datasheet::e1000::Chip& chip) { return chip.has(datasheet::e1000::RDT1) ? 2 : 1; }

}  // namespace ixy::test
