// Numbers and names as explanations show them.
#pragma once

#include <chrono>
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>

#include <ixy/datasheet/register.hpp>

namespace ixy::explain {

/// "0x00c0": at least `digits` digits.
std::string hex(std::uint64_t number, unsigned digits = 1);
/// "  0.001234": seconds, to the microsecond.
std::string seconds(std::chrono::nanoseconds time);
/// The number as a person reads it: decimal if it has few bits, else hexadecimal.
std::string number_of(std::uint32_t number, unsigned bits);
/// `text`, padded with spaces.
std::string padded(std::string_view text, std::size_t width);

/// "RAL[3]", or "CTRL" if there is only one.
std::string register_name(const datasheet::RegisterInfo& info, std::size_t index);
/// "ixy/nic/e1000/receive.cpp": a file of this project by its name in the project, others as the compiler got them.
std::string_view source_name(std::string_view path);
/// "ixy/nic/e1000/receive.cpp:123"
std::string source_line(const std::source_location& where);

}  // namespace ixy::explain
