// From a device's address to the device: what opens which address.
#include <algorithm>
#include <cctype>
#include <mutex>
#include <string>
#include <vector>

#include <ixy/pci/address.hpp>
#include <ixy/pci/function.hpp>
#include <ixy/pci/qtest.hpp>
#include <ixy/pci/sysfs.hpp>

namespace ixy {
namespace {

struct Scheme {
    std::string name;
    PciOpener open;
};

std::mutex schemes_mutex;

std::vector<Scheme>& schemes() {
    static std::vector<Scheme> list{{"qtest", open_qtest_function}};
    return list;
}

PciOpener find_scheme(std::string_view name) {
    const std::lock_guard lock(schemes_mutex);
    const auto found = std::ranges::find(schemes(), name, &Scheme::name);
    return found == schemes().end() ? nullptr : found->open;
}

/// "sim" of "sim:82540em". Empty if `address` begins like a PCI address, whose parts are hexadecimal numbers.
std::string_view scheme_of(std::string_view address) {
    const std::string_view word = address.substr(0, std::min(address.find(':'), address.size()));
    const bool is_number = std::ranges::all_of(word, [](unsigned char c) { return std::isxdigit(c) != 0; });
    return word.size() == address.size() || is_number ? std::string_view{} : word;
}

/// The library knows the scheme of software NICs by name only: they are a library of their own.
std::unexpected<Error> unknown_scheme(std::string_view address, std::string_view scheme) {
    std::string what =
        "\"" + std::string(address) + "\": this program does not know " + std::string(scheme) + ": devices";
    return failure(ErrorKind::unsupported, std::move(what),
                   scheme == "sim"
                       ? "link the library ixy::sim (pkg-config: ixy-sim) and call ixy::sim::add_scheme() first"
                       : "name a PCI function, as in 0000:03:00.0, or a software NIC, as in sim:82540em");
}

}  // namespace

void add_pci_scheme(std::string_view scheme, PciOpener opener) {
    const std::lock_guard lock(schemes_mutex);
    std::erase_if(schemes(), [scheme](const Scheme& known) { return known.name == scheme; });
    schemes().push_back({std::string(scheme), opener});
}

Expected<std::unique_ptr<PciFunction>> open_pci_function(std::string_view address, const PciOpenOptions& options) {
    const std::string_view scheme = scheme_of(address);
    if (const PciOpener open = find_scheme(scheme)) return open(address, options);
    if (scheme == "sim" || scheme == "vhost-user") return unknown_scheme(address, scheme);
    return open_sysfs_function(address, options);
}

}  // namespace ixy
