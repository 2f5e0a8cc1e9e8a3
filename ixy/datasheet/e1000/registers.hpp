// All registers of the 8254x Gigabit Ethernet controllers, one constexpr object each, named as in Intel's "PCI/PCI-X
// Family of Gigabit Ethernet Controllers Software Developer's Manual" (317453), chapter 13. chips.hpp says which chip
// has which.
#pragma once

#include <ixy/datasheet/e1000/diagnostics.hpp>
#include <ixy/datasheet/e1000/filters.hpp>
#include <ixy/datasheet/e1000/general.hpp>
#include <ixy/datasheet/e1000/interrupt.hpp>
#include <ixy/datasheet/e1000/receive.hpp>
#include <ixy/datasheet/e1000/statistics.hpp>
#include <ixy/datasheet/e1000/transmit.hpp>
#include <ixy/datasheet/e1000/wakeup.hpp>
