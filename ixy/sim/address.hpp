// The address of a software NIC: "sim:82540em,wire=a,mac=52:54:00:00:00:01,loss=0.01".
//
//   wire=SPEC       the cable: see open_wire(); the default is an open end
//   mac=ADDRESS     the card's MAC address (default: derived from the wire's name, different at the two ends)
//   rate=BITS       the wire's bits per second: 1G, 100M, 2.5G
//   delay=TIME      delay of each frame: 10us, 1.5ms
//   loss= reorder= corrupt=SHARE   share of the frames: 0.01 or 1%
//   seed=NUMBER     seed of everything random
//   hold=yes|no     yes (default): frames wait on the wire, where it can hold them, until the card has room; no: the
//                   card loses them, as on a real cable
//   link=TIME       how long auto-negotiation takes (default: none)
//   clock=real|stepped   stepped: time passes only while the driver waits, so that runs repeat exactly
//   thread=yes|no   run the card in a thread of its own (default: no)
//   strict=print|off     whether misuse is printed (default: print)
//   faults=SPEC     faults to inject: seed:7 for random memory faults, or the name of a fault script
#pragma once

#include <string>
#include <string_view>

#include <ixy/core/error.hpp>
#include <ixy/sim/chips/model.hpp>
#include <ixy/sim/wires/wire.hpp>

namespace ixy::sim {

struct CardAddress {
    const CardType* type = nullptr;
    std::string wire;
    Impairments impairments;
    ModelOptions model;
    bool mac_given = false;
    bool stepped_clock = false;
    bool own_thread = false;
    bool strict = true;
    bool hold = true;
    std::string faults;  ///< see read_faults(); empty: those of IXY_FAULTS, if it is set
};

/// Parses what follows "sim:" (with or without the scheme itself). Errors: invalid_argument, which names the wrong word
/// and its valid values.
Expected<CardAddress> parse_card_address(std::string_view text);

}  // namespace ixy::sim
