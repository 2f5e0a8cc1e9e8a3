// The qtest protocol: one line out, one line back ("OK", "OK 0x1234", "FAIL reason"). QEMU, docs/devel/qtest.
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <map>
#include <thread>
#include <utility>

#include <ixy/core/files.hpp>
#include <ixy/pci/qtest.hpp>

namespace ixy {
namespace {

constexpr std::size_t longest_answer = 4096;

/// The last letter of readb, readw, readl, readq.
char width_letter(unsigned width) { return width == 1 ? 'b' : width == 2 ? 'w' : width == 4 ? 'l' : 'q'; }

std::uint64_t all_ones(unsigned width) { return width >= 8 ? ~0ULL : (1ULL << 8 * width) - 1; }

std::string hex(std::uint64_t value) {
    char text[2 + 16] = {'0', 'x'};
    return {text, std::to_chars(text + 2, std::end(text), value, 16).ptr};
}

std::string how_to_start(const std::string& socket) {
    return "start one with: qemu-system-x86_64 -nodefaults -display none -device e1000,romfile="
           " -machine q35,accel=qtest:tcg,memory-backend=m"
           " -object memory-backend-file,id=m,size=64M,share=on,mem-path=" +
           socket +
           ".memory"
           " -qtest unix:" +
           socket + ",server=on,wait=off";
}

}  // namespace

Expected<std::shared_ptr<QtestConnection>> QtestConnection::open(const std::string& socket,
                                                                 std::chrono::milliseconds patience_for_answers) {
    static std::mutex mutex;
    static std::map<std::string, std::weak_ptr<QtestConnection>> connections;
    const std::lock_guard lock(mutex);
    auto& known = connections[socket];
    if (auto connection = known.lock(); connection && connection->alive()) return connection;
    auto connection = connect(socket, patience_for_answers);
    if (connection) known = *connection;
    return connection;
}

Expected<std::shared_ptr<QtestConnection>> QtestConnection::connect(const std::string& socket,
                                                                    std::chrono::milliseconds patience_for_answers) {
    sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
    if (socket.empty() || socket.size() >= sizeof name.sun_path) {
        return failure(ErrorKind::invalid_argument,
                       "qtest socket \"" + socket + "\": the path must have 1 to 107 characters");
    }
    socket.copy(name.sun_path, socket.size());
    const int file = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (file < 0) return system_failure("qtest socket " + socket, errno);
    std::shared_ptr<QtestConnection> connection(new QtestConnection(socket, file));

    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(patience_for_answers).count();
    const timeval limit{.tv_sec = micros / 1'000'000, .tv_usec = micros % 1'000'000};
    ::setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    const auto reach = [&] { return ::connect(file, reinterpret_cast<const sockaddr*>(&name), sizeof name); };
    if (uninterrupted(reach) != 0) {
        const int reason = errno == ECONNREFUSED ? ENOENT : errno;  // a socket that a QEMU has left behind
        return system_failure("no QEMU at the qtest socket " + socket, reason, how_to_start(socket));
    }
    const std::lock_guard lock(connection->mutex_);
    const auto endianness = connection->exchange("endianness");
    if (endianness != "little") {
        const bool silent = !connection->alive_ && connection->received_.empty();
        return failure(silent ? ErrorKind::timeout : ErrorKind::device_failed,
                       socket + " does not answer as the qtest socket of a little-endian QEMU",
                       "end the other program that is connected to it, or " + how_to_start(socket));
    }
    connection->clock_is_ours_ = connection->exchange("clock_step 0").has_value();
    return connection;
}

QtestConnection::~QtestConnection() { ::close(file_); }

std::optional<std::string> QtestConnection::command(const std::string& line) {
    const std::lock_guard lock(mutex_);
    return exchange(line);
}

std::optional<std::string> QtestConnection::exchange(const std::string& line) {
    if (!alive_) return std::nullopt;
    const std::string request = line + '\n';
    for (std::size_t sent = 0; sent != request.size();) {
        const auto send = [&] { return ::send(file_, request.data() + sent, request.size() - sent, MSG_NOSIGNAL); };
        const ssize_t part = uninterrupted(send);
        if (part < 0) {
            alive_ = false;
            return std::nullopt;
        }
        sent += static_cast<std::size_t>(part);
    }
    while (auto answer = receive_line()) {
        if (answer->starts_with("IRQ ")) {
            note_interrupt(*answer);
        } else if (*answer == "OK" || answer->starts_with("OK ")) {
            return answer->size() > 3 ? answer->substr(3) : "";
        } else {
            return std::nullopt;
        }
    }
    return std::nullopt;
}

std::optional<std::string> QtestConnection::receive_line() {
    for (;;) {
        if (const auto end = received_.find('\n'); end != std::string::npos) {
            std::string line = received_.substr(0, end);
            received_.erase(0, end + 1);
            return line;
        }
        char buffer[256];
        const ssize_t size = ::recv(file_, buffer, sizeof buffer, 0);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0 || received_.size() > longest_answer) {
            alive_ = false;
            return std::nullopt;
        }
        received_.append(buffer, static_cast<std::size_t>(size));
    }
}

void QtestConnection::note_interrupt(const std::string& line) {
    const std::string_view digits = std::string_view(line).substr(line.rfind(' ') + 1);
    unsigned which = 0;
    if (std::from_chars(digits.begin(), digits.end(), which).ec == std::errc{} && which < irq_levels_.size()) {
        irq_levels_[which] = line.starts_with("IRQ raise ");
    }
}

std::uint64_t QtestConnection::number(const std::string& line, unsigned width) {
    const auto answer = exchange(line);
    std::uint64_t value = 0;
    if (!answer || !answer->starts_with("0x") ||
        std::from_chars(answer->data() + 2, answer->data() + answer->size(), value, 16).ec != std::errc{}) {
        return all_ones(width);
    }
    return value & all_ones(width);
}

std::uint64_t QtestConnection::read(std::uint64_t address, unsigned width) {
    const std::lock_guard lock(mutex_);
    return number(std::string("read") + width_letter(width) + ' ' + hex(address), width);
}

void QtestConnection::write(std::uint64_t address, unsigned width, std::uint64_t value) {
    const std::lock_guard lock(mutex_);
    exchange(std::string("write") + width_letter(width) + ' ' + hex(address) + ' ' + hex(value & all_ones(width)));
}

std::uint32_t QtestConnection::in(std::uint16_t port, unsigned width) {
    const std::lock_guard lock(mutex_);
    return static_cast<std::uint32_t>(number(std::string("in") + width_letter(width) + ' ' + hex(port), width));
}

void QtestConnection::out(std::uint16_t port, unsigned width, std::uint32_t value) {
    const std::lock_guard lock(mutex_);
    exchange(std::string("out") + width_letter(width) + ' ' + hex(port) + ' ' + hex(value & all_ones(width)));
}

// Configuration mechanism 1: the address goes to port 0xcf8, the data through 0xcfc. PCI Local Bus Specification 3.0,
// 3.2.2.3.2. The lock spans both, since the whole machine has one address register.
std::uint32_t QtestConnection::config_read(unsigned slot, std::uint32_t offset, unsigned width) {
    const std::lock_guard lock(mutex_);
    exchange("outl 0xcf8 " + hex(0x8000'0000U | slot << 8 | (offset & 0xfc)));
    const std::string port = hex(0xcfc + (offset & 3));
    return static_cast<std::uint32_t>(number(std::string("in") + width_letter(width) + ' ' + port, width));
}

void QtestConnection::config_write(unsigned slot, std::uint32_t offset, unsigned width, std::uint32_t value) {
    const std::lock_guard lock(mutex_);
    exchange("outl 0xcf8 " + hex(0x8000'0000U | slot << 8 | (offset & 0xfc)));
    const std::string port = hex(0xcfc + (offset & 3));
    exchange(std::string("out") + width_letter(width) + ' ' + port + ' ' + hex(value & all_ones(width)));
}

void QtestConnection::pass_time(std::chrono::nanoseconds duration) {
    if (!alive_) return;
    if (clock_is_ours_) {
        command("clock_step " + std::to_string(duration.count()));
    } else {
        std::this_thread::sleep_for(duration);
    }
}

bool QtestConnection::irq_level(unsigned line) {
    const std::lock_guard lock(mutex_);
    return line < irq_levels_.size() && irq_levels_[line];
}

bool QtestConnection::claim(unsigned slot) {
    const std::lock_guard lock(mutex_);
    if (claimed_[slot]) return false;
    claimed_[slot] = true;
    return true;
}

void QtestConnection::disclaim(unsigned slot) {
    const std::lock_guard lock(mutex_);
    claimed_[slot] = false;
}

}  // namespace ixy
