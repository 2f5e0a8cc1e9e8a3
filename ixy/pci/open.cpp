// From a device's address to the device: what opens which address.
#include <string>

#include <ixy/core/schemes.hpp>
#include <ixy/pci/address.hpp>
#include <ixy/pci/function.hpp>
#include <ixy/pci/qtest.hpp>
#include <ixy/pci/sysfs.hpp>

namespace ixy {
namespace {

Schemes<PciOpener>& schemes() {
    static Schemes<PciOpener> list;
    static const bool has_own = (list.add("qtest", open_qtest_function), true);
    (void)has_own;
    return list;
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

void add_pci_scheme(std::string_view scheme, PciOpener opener) { schemes().add(scheme, opener); }

Expected<std::unique_ptr<PciFunction>> open_pci_function(std::string_view address, const PciOpenOptions& options) {
    if (const PciOpener open = schemes().find(address)) return open(address, options);
    const std::string_view scheme = scheme_of(address);
    if (scheme == "sim" || scheme == "vhost-user") return unknown_scheme(address, scheme);
    return open_sysfs_function(address, options);
}

}  // namespace ixy
