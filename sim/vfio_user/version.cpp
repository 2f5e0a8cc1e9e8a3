// Version and capabilities, which are JSON.
#include <algorithm>
#include <cerrno>
#include <string_view>

#include <ixy/sim/vfio_user/version.hpp>
#include <nlohmann/json.hpp>

namespace ixy::sim::vfio_user {

namespace {

using Json = nlohmann::json;

/// What this server says of each capability, when it is asked.
const Json& our_capabilities() {
    static const Json capabilities = {{"max_msg_fds", most_files},
                                      {"max_data_xfer_size", largest_transfer},
                                      {"max_dma_maps", most_dma_maps},
                                      {"pgsizes", page_size},
                                      {"write_multiple", true}};
    return capabilities;
}

/// Whether a proposed capability is of the type that the protocol gives it. Those unknown may be anything.
bool is_well_typed(const std::string& name, const Json& value) {
    if (name == "twin_socket" || name == "migration") return value.is_object();
    if (name == "write_multiple") return value.is_boolean();
    if (name == "pgsizes") return value.is_number_unsigned() && (value.get<std::uint64_t>() & page_size) != 0;
    return !our_capabilities().contains(name) || value.is_number_unsigned();
}

/// The capabilities that `text`, with its NUL, proposes; discarded where the text is no proposal.
Json proposed_capabilities(std::string_view text) {
    const Json wrong(Json::value_t::discarded);
    if (text.empty()) return Json::object();
    if (!text.ends_with('\0')) return wrong;
    const Json proposal = Json::parse(text.substr(0, text.find('\0')), nullptr, false);
    if (!proposal.is_object()) return wrong;
    if (!proposal.contains("capabilities")) return Json::object();
    const Json& capabilities = proposal["capabilities"];
    if (!capabilities.is_object()) return wrong;
    const bool well_typed = std::ranges::all_of(
        capabilities.items(), [](const auto& item) { return is_well_typed(item.key(), item.value()); });
    return well_typed ? capabilities : wrong;
}

}  // namespace

Reply negotiate(std::span<const std::byte> proposal) {
    const auto version = take<Version>(proposal);
    if (!version || version->major != 0) return std::unexpected(EINVAL);
    const auto json = proposal.subspan(sizeof(Version));
    const Json proposed = proposed_capabilities({reinterpret_cast<const char*>(json.data()), json.size()});
    if (proposed.is_discarded()) return std::unexpected(EINVAL);

    Json common = Json::object();
    for (const auto& [name, value] : our_capabilities().items()) {
        if (proposed.contains(name)) common[name] = value;
    }
    std::vector<std::byte> reply = bytes_of(Version{.major = 0, .minor = 0});
    const std::string text = Json{{"capabilities", common}}.dump();
    if (reply.size() + text.size() + 1 <= proposal.size()) {
        const auto* const begin = reinterpret_cast<const std::byte*>(text.c_str());
        reply.insert(reply.end(), begin, begin + text.size() + 1);
    }
    return reply;
}

}  // namespace ixy::sim::vfio_user
