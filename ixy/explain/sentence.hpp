// A register access as a person would tell it.
//
//   0.000153  write RCTL       0x00100  0x00000000 -> 0x0400801a  Receive Control Register, 13.4.22
//   ixy/nic/e1000/e1000.cpp:150
//                EN 0 -> 1: receiver enabled
//                ...
#pragma once

#include <string>
#include <string_view>

#include <ixy/explain/access.hpp>
#include <ixy/explain/ring_watch.hpp>

namespace ixy::explain {

/// One line for the access, and one, indented, for each field and each oddity; each ends with a newline.
std::string sentence(const Access& access);
/// The same for readers who have heard it before: fields without their meanings, all on one line.
std::string short_sentence(const Access& access);

/// One line for what changed hands, and one for each descriptor; if there are many, only for the first and the last.
std::string handover_text(const Handover& handover);

/// What an indented line begins with.
inline constexpr std::string_view indent = "                 ";

}  // namespace ixy::explain
