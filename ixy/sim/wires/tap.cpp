// A TAP interface: the cable's other end is this machine's Linux. Documentation/networking/tuntap.rst of Linux.
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <ixy/core/files.hpp>
#include <ixy/core/privileges.hpp>

#include "kinds.hpp"

namespace ixy::sim {
namespace {

constexpr auto device = "/dev/net/tun";

class Tap final : public Wire {
public:
    explicit Tap(File file) : file_(std::move(file)) {}

    void send(std::span<const std::byte> frame, Time) override {
        if (::write(file_.get(), frame.data(), frame.size()) < 0) lost_.add(1);  // the interface is down, or gone
    }
    std::optional<WireFrame> receive(Time) override {
        const ssize_t size = ::read(file_.get(), frame_.space().data(), frame_.space().size());
        if (size < static_cast<ssize_t>(ethernet_header)) return std::nullopt;
        return frame_.padded(static_cast<std::size_t>(size));
    }
    int file() const override { return file_.get(); }
    bool can_wait() const override { return true; }
    std::uint64_t lost() const override { return lost_.value(); }

private:
    File file_;
    ArrivedFrame frame_;
    Counter lost_;
};

std::unexpected<Error> tap_failure(const std::string& name, int error) {
    const std::string what = "tap:" + name;
    const std::string make = "ip tuntap add dev " + name + " mode tap user $USER";
    if (error == EPERM || error == EACCES) {
        std::string next = how_to_get(Capability::net_admin, current_privileges());
        if (next.empty()) next = "give the container access: docker run --device /dev/net/tun";
        next += ", or create one for this user: " + as_root(make) + " && " + as_root("ip link set " + name + " up");
        return failure(ErrorKind::permission, what + ": you lack permission to create or open it", next);
    }
    if (error == EINVAL) {
        return failure(ErrorKind::invalid_argument, what + ": this interface exists and is not a TAP interface",
                       "choose another name");
    }
    return system_failure(what, error, error == EBUSY ? "another program uses it: choose another name" : "");
}

/// Brings the interface up if we are allowed to; otherwise its owner does: ip link set NAME up.
void set_up(const ifreq& named) {
    const File any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request = named;
    if (::ioctl(any.get(), SIOCGIFFLAGS, &request) != 0) return;
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
    (void)::ioctl(any.get(), SIOCSIFFLAGS, &request);
}

}  // namespace

Expected<std::unique_ptr<Wire>> open_tap(const std::string& name) {
    if (name.empty() || name.size() >= IFNAMSIZ || name.find_first_of("/% ") != std::string::npos) {
        return failure(ErrorKind::invalid_argument, "tap:" + name + ": an interface's name has 1 to 15 characters",
                       "for example: wire=tap:ixy0");
    }
    File file(::open(device, O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!file.is_open() && (errno == ENOENT || errno == ENODEV || errno == ENXIO)) {
        return failure(ErrorKind::not_found, std::string(device) + ": this kernel has no TAP support", "modprobe tun");
    }
    if (!file.is_open()) return tap_failure(name, errno);
    ifreq request{};
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    if (::ioctl(file.get(), TUNSETIFF, &request) != 0) return tap_failure(name, errno);
    set_up(request);
    return std::make_unique<Tap>(std::move(file));
}

}  // namespace ixy::sim
