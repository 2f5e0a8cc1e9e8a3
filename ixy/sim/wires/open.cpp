// Parses the name of a wire and opens the wire.
#include <algorithm>
#include <cctype>
#include <cmath>

#include "kinds.hpp"

namespace ixy::sim {
namespace {

/// Nobody is at the other end.
class OpenEnd final : public Wire {
public:
    void send(std::span<const std::byte>, Time) override { lost_.add(1); }
    std::optional<WireFrame> receive(Time) override { return std::nullopt; }
    std::uint64_t lost() const override { return lost_.value(); }

private:
    Counter lost_;
};

constexpr auto kinds =
    "a wire is a name (in this process), /path or ./path (a socket), /ours:/theirs, tap:NAME, loop, or pcap:IN:OUT";

/// The text before and after the first colon.
std::pair<std::string, std::string> split(std::string_view text) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    return {std::string(text.substr(0, colon)), std::string(text.substr(std::min(colon + 1, text.size())))};
}

std::unexpected<Error> malformed(std::string_view spec, const std::string& why) {
    return failure(ErrorKind::invalid_argument, "wire \"" + std::string(spec) + "\": " + why, kinds);
}

Expected<std::unique_ptr<Wire>> open_socket_pair(std::string_view spec) {
    const auto [ours, theirs] = split(spec);
    if (ours.empty() || theirs.empty() || theirs.contains(':')) return malformed(spec, "two sockets are /ours:/theirs");
    if (ours == theirs) return malformed(spec, "both sockets are the same");
    return open_socket(ours, theirs);
}

Expected<std::unique_ptr<Wire>> open_bare_wire(std::string_view spec) {
    if (spec.empty()) return make_open_end();
    if (spec == "loop") return make_loop();
    if (spec == "tap") return malformed(spec, "names no interface");
    if (spec == "pcap") return malformed(spec, "names no capture file");
    const auto [first, rest] = split(spec);
    if (first == "tap") return open_tap(rest);
    if (first == "pcap") {
        const auto [in, out] = split(rest);
        if (out.contains(':')) return malformed(spec, "a capture's name cannot contain a colon");
        if (in.empty() && out.empty()) return malformed(spec, "names no capture file");
        return open_capture(in, out);
    }
    const bool has_colon = spec.contains(':');
    if (spec.contains('/')) return has_colon ? open_socket_pair(spec) : open_socket(std::string(spec));
    if (has_colon) return malformed(spec, "unknown kind \"" + first + "\"");
    return open_cable(std::string(spec));
}

Expected<> check(const Impairments& impairments) {
    const auto bad = [](const std::string& what) { return failure(ErrorKind::invalid_argument, what); };
    const std::pair<const char*, double> shares[] = {
        {"loss", impairments.loss}, {"reorder", impairments.reorder}, {"corrupt", impairments.corruption}};
    for (const auto& [name, share] : shares) {
        if (!(share >= 0 && share <= 1)) return bad(std::string(name) + ": a share must be 0 to 1, or 0% to 100%");
    }
    const double rate = impairments.bits_per_second;
    if (!std::isfinite(rate) || rate < 0 || (rate > 0 && rate < 1)) return bad("rate: at least 1 bit per second");
    if (impairments.delay.count() < 0) return bad("delay: must not be negative");
    return {};
}

}  // namespace

std::unique_ptr<Wire> make_open_end() { return std::make_unique<OpenEnd>(); }

Expected<std::unique_ptr<Wire>> open_wire(std::string_view spec, const Impairments& impairments) {
    if (const auto good = check(impairments); !good) return std::unexpected(good.error());
    auto wire = open_bare_wire(spec);
    if (wire && impairments.any()) return impair(std::move(*wire), impairments);
    return wire;
}

}  // namespace ixy::sim
