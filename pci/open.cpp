// From the word that names a device to the device: who opens which address.
#include <algorithm>
#include <array>
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

/// "sim" of "sim:82540em". Empty where `address` begins like a PCI address, whose parts are hexadecimal numbers.
std::string_view scheme_of(std::string_view address) {
    const std::string_view word = address.substr(0, std::min(address.find(':'), address.size()));
    const bool is_number = std::ranges::all_of(word, [](unsigned char c) { return std::isxdigit(c) != 0; });
    return word.size() == address.size() || is_number ? std::string_view{} : word;
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

    constexpr std::array<std::string_view, 2> known_elsewhere = {"sim", "vhost-user"};
    if (std::ranges::find(known_elsewhere, scheme) != known_elsewhere.end()) {
        return failure(
            ErrorKind::unsupported,
            "\"" + std::string(address) + "\": this program was built without " + std::string(scheme) + ": devices",
            "name a PCI function, as in 0000:03:00.0 (ixy list shows them)");
    }
    return open_sysfs_function(address, options);
}

}  // namespace ixy
