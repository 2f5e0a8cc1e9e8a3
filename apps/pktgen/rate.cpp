// What a rate means for frames of a given size.
#include "rate.hpp"

#include "../common/monitor.hpp"

namespace ixy::app {

double packets_per_second(const TrafficRate& rate, std::size_t frame_size) {
    if (rate.unit == TrafficRate::Unit::packets) return rate.amount;
    return rate.amount / (static_cast<double>(frame_size + wire_overhead) * 8);
}

}  // namespace ixy::app
