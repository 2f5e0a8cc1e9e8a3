// Version and capabilities, which are JSON.
#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string_view>

#include <ixy/sim/servers/vfio_user/version.hpp>
#include <nlohmann/json.hpp>

namespace ixy::sim::vfio_user {

namespace {

using Json = nlohmann::json;

/// This server's answer for each capability that a client proposes.
const Json& our_capabilities() {
    static const Json capabilities = {{"max_msg_fds", most_files},
                                      {"max_data_xfer_size", largest_transfer},
                                      {"max_dma_maps", most_dma_maps},
                                      {"pgsizes", page_size},
                                      {"write_multiple", true}};
    return capabilities;
}

/// Whether a proposed capability has the type that the protocol requires. Unknown ones may have any.
bool is_well_typed(const std::string& name, const Json& value) {
    if (name == "twin_socket" || name == "migration") return value.is_object();
    if (name == "write_multiple") return value.is_boolean();
    if (name == "pgsizes") return value.is_number_unsigned() && (value.get<std::uint64_t>() & page_size) != 0;
    return !our_capabilities().contains(name) || value.is_number_unsigned();
}

/// JSON from a stranger. Deeply nested values are copied and destroyed by an equally deep recursion, down to the
/// stack's end. Nesting cannot be deeper than the number of openings, of which an honest proposal has three or four.
Json parse(std::string_view text) {
    constexpr std::ptrdiff_t most_openings = 64;
    const auto openings = std::ranges::count_if(text, [](char c) { return c == '{' || c == '['; });
    return openings > most_openings ? Json(Json::value_t::discarded) : Json::parse(text, nullptr, false);
}

/// This server's answer to the capabilities that `text`, with its NUL, proposes; discarded if the text is not a
/// proposal.
Json common_capabilities(std::string_view text) {
    Json common = Json::object();
    if (text.empty()) return common;
    if (!text.ends_with('\0')) return Json::value_t::discarded;
    const Json proposal = parse(text.substr(0, text.find('\0')));
    if (!proposal.is_object()) return Json::value_t::discarded;
    const auto capabilities = proposal.find("capabilities");
    if (capabilities == proposal.end()) return common;
    if (!capabilities->is_object()) return Json::value_t::discarded;
    for (const auto& [name, value] : capabilities->items()) {
        if (!is_well_typed(name, value)) return Json::value_t::discarded;
        if (our_capabilities().contains(name)) common[name] = our_capabilities()[name];
    }
    return common;
}

}  // namespace

Reply negotiate(std::span<const std::byte> proposal) {
    const auto version = take<Version>(proposal);
    if (!version || version->major != 0) return std::unexpected(EINVAL);
    const auto json = proposal.subspan(sizeof(Version));
    const Json common = common_capabilities({reinterpret_cast<const char*>(json.data()), json.size()});
    if (common.is_discarded()) return std::unexpected(EINVAL);

    std::vector<std::byte> reply = bytes_of(Version{.major = 0, .minor = 0});
    const std::string text = Json{{"capabilities", common}}.dump();
    if (reply.size() + text.size() + 1 <= proposal.size()) {
        const auto* const begin = reinterpret_cast<const std::byte*>(text.c_str());
        reply.insert(reply.end(), begin, begin + text.size() + 1);
    }
    return reply;
}

}  // namespace ixy::sim::vfio_user
