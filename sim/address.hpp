// What the address of a software NIC says: "sim:82540em,wire=a,mac=52:54:00:00:00:01,loss=0.01".
//
//   wire=SPEC       what the cable is: see open_wire(); the default is an open end
//   mac=ADDRESS     the card's MAC address (default: one made of the wire's name, different at the two ends)
//   rate=BITS       bits a second of the wire: 1G, 100M, 2.5G
//   delay=TIME      of each frame: 10us, 1.5ms
//   loss= reorder= corrupt=SHARE   of the frames: 0.01 or 1%
//   seed=NUMBER     of all chance
//   hold=yes|no     frames that the card has no room for wait, where the wire can let them (default), or are lost, as
//                   on a real cable
//   link=TIME       what auto-negotiation takes (default: none)
//   clock=real|stepped   stepped: time passes only while the driver waits, so that runs repeat exactly
//   thread=yes|no   the card in a thread of its own (default: no)
//   strict=print|off     whether misuse is printed (default: print)
//   faults=SPEC     what shall go wrong: seed:7, random faults of memory; or the name of a script of faults
#pragma once

#include <string>
#include <string_view>

#include <ixy/core/error.hpp>
#include <ixy/sim/model.hpp>
#include <ixy/sim/wire.hpp>

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
    std::string faults;  ///< see read_faults(); empty: what IXY_FAULTS asks for, if it does
};

/// Reads what follows "sim:" (the scheme itself may stand before it). Errors: invalid_argument, naming the word and
/// what it could be.
Expected<CardAddress> parse_card_address(std::string_view text);

}  // namespace ixy::sim
