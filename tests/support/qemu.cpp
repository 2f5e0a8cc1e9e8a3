// Starting, watching and ending the QEMU that holds a test's cards.
#include "tests/support/qemu.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace ixy::test {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t first_device = 2;  // of PCI bus 0; 0 and 31 are the chipset

std::string device_name(std::size_t card) {
    std::ostringstream text;
    text << std::hex << (card + first_device < 16 ? "0" : "") << card + first_device << ".0";
    return text.str();
}

std::string mac_of(const Card& card, std::size_t index) {
    std::ostringstream text;
    text << "52:54:00:00:00:" << std::hex << (index < 15 ? "0" : "") << index + 1;
    return card.mac.empty() ? text.str() : card.mac;
}

fs::path make_folder() {
    std::string name = fs::temp_directory_path() / "ixy-qemu-XXXXXX";
    if (name.size() > 80) name = "/tmp/ixy-qemu-XXXXXX";  // socket paths have at most 107 characters
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot create a folder like " + name);
    return name;
}

}  // namespace

Qemu::Qemu(std::vector<Card> cards, const QemuOptions& options) : folder_(make_folder()) {
    try {
        for (std::size_t i = 0; i < cards.size(); ++i) {
            const std::string name = "wire" + std::to_string(i);
            wires_.push_back(cards[i].cable.empty() ? std::make_unique<Wire>(folder_ / name, folder_ / (name + ".card"))
                                                    : nullptr);
        }
        write_firmware();
        start(command_line(cards, options));
        await_start();
        for (const auto& wire : wires_) {
            if (wire) wire->plug_in();
        }
    } catch (...) {
        kill();
        fs::remove_all(folder_);
        throw;
    }
}

Qemu::~Qemu() {
    kill();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

std::string Qemu::address(std::size_t card) const {
    return "qtest:" + socket().native() + ",device=" + device_name(card);
}

fs::path Qemu::capture(std::size_t card) const { return folder_ / ("capture" + std::to_string(card) + ".pcap"); }

std::shared_ptr<QtestConnection> Qemu::connection() const {
    auto connection = QtestConnection::open(socket());
    if (!connection) throw std::runtime_error(connection.error().text() + "\n" + printed());
    return *connection;
}

/// 64 KiB that end at 4 GiB. The processor starts 16 bytes before the end: cli; hlt; jmp to hlt.
void Qemu::write_firmware() const {
    std::string image(64 * 1024, '\xff');
    image.replace(image.size() - 16, 4, "\xfa\xf4\xeb\xfd");
    std::ofstream(folder_ / "firmware", std::ios::binary) << image;
}

std::vector<std::string> Qemu::command_line(const std::vector<Card>& cards, const QemuOptions& options) const {
    const char* const program = std::getenv("IXY_QEMU");
    const std::string size = std::to_string(options.memory_mib) + "M";
    std::vector<std::string> line{program != nullptr ? program : "qemu-system-x86_64",
                                  "-nodefaults",
                                  "-no-user-config",
                                  "-display",
                                  "none",
                                  "-bios",
                                  folder_ / "firmware",
                                  "-machine",
                                  "q35,accel=tcg,memory-backend=m,pit=off,hpet=off",
                                  "-icount",
                                  "shift=0,sleep=off",
                                  "-m",
                                  size,
                                  "-object",
                                  "memory-backend-file,id=m,share=on,size=" + size + ",mem-path=" + memory().native(),
                                  "-qtest",
                                  "unix:" + socket().native() + ",server=on,wait=off",
                                  "-qtest-log",
                                  "none",
                                  "-monitor",
                                  "unix:" + (folder_ / "monitor").native() + ",server=on,wait=off"};
    std::vector<std::string> cables;
    for (std::size_t i = 0; i < cards.size(); ++i) {
        const Card& card = cards[i];
        const std::string number = std::to_string(i);
        const std::string wire = (folder_ / ("wire" + number)).native();
        if (card.cable.empty()) {
            line.insert(line.end(), {"-netdev", "dgram,id=wire" + number + ",local.type=unix,local.path=" + wire +
                                                    ".card,remote.type=unix,remote.path=" + wire});
        } else {
            cables.push_back(card.cable);
            const auto hub = std::ranges::find(cables, card.cable) - cables.begin();
            line.insert(line.end(), {"-netdev", "hubport,id=wire" + number + ",hubid=" + std::to_string(hub)});
        }
        // No boot ROM: it is not needed, and not every QEMU has one.
        line.insert(line.end(), {"-device", card.model + ",romfile=,id=card" + number + ",netdev=wire" + number +
                                                ",mac=" + mac_of(card, i) + ",addr=" + device_name(i) +
                                                (card.properties.empty() ? "" : "," + card.properties)});
        if (options.capture) {
            line.insert(line.end(), {"-object", "filter-dump,id=capture" + number + ",netdev=wire" + number +
                                                    ",file=" + capture(i).native()});
        }
    }
    line.insert(line.end(), options.arguments.begin(), options.arguments.end());
    return line;
}

void Qemu::start(const std::vector<std::string>& arguments) {
    std::vector<char*> words;
    for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    const std::string log = folder_ / "printed";
    const pid_t parent = ::getpid();
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error("fork failed");
    if (process_ > 0) return;

    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (::getppid() != parent || file < 0) ::_exit(127);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    ::execvp(words[0], words.data());
    constexpr std::string_view message = "cannot be started: is qemu-system-x86 installed?\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, message.data(), message.size());
    ::_exit(127);
}

bool Qemu::has_ended() {
    if (process_ > 0 && ::waitpid(process_, nullptr, WNOHANG) == process_) process_ = -1;
    return process_ < 0;
}

/// QEMU makes the qtest socket first, listens a moment later, and answers when the machine is complete.
void Qemu::await_start() {
    constexpr std::chrono::seconds limit(30);
    std::string reason = "it has ended";
    const auto answers = [&] {
        const auto connection = QtestConnection::open(socket(), limit);
        if (!connection) reason = connection.error().text();
        return connection.has_value();
    };
    const bool over = eventually([&] { return has_ended() || (fs::exists(socket()) && answers()); }, limit);
    if (!over || has_ended()) throw std::runtime_error("QEMU did not start: " + reason + "\n" + printed());
}

void Qemu::kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
}

std::string Qemu::printed() const {
    std::ostringstream text;
    text << std::ifstream(folder_ / "printed").rdbuf();
    return text.str();
}

void Qemu::set_link(std::size_t card, bool up) {
    monitor("set_link card" + std::to_string(card) + (up ? " on" : " off"));
}

/// The monitor prints a prompt when it is ready, echoes the line, answers, and prints the prompt again.
std::string Qemu::monitor(const std::string& line) {
    constexpr std::string_view prompt = "(qemu) ";
    const std::string path = folder_ / "monitor";
    sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
    path.copy(name.sun_path, sizeof name.sun_path - 1);
    const int file = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    const auto until_prompt = [&] {
        std::string text;
        std::array<char, 1024> buffer;
        while (!text.ends_with(prompt)) {
            const ssize_t size = ::recv(file, buffer.data(), buffer.size(), 0);
            if (size <= 0) break;
            text.append(buffer.data(), static_cast<std::size_t>(size));
        }
        return text;
    };
    std::string answer;
    if (::connect(file, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 &&
        until_prompt().ends_with(prompt) && ::send(file, (line + "\n").data(), line.size() + 1, MSG_NOSIGNAL) > 0) {
        answer = until_prompt();
    }
    ::close(file);
    if (!answer.ends_with(prompt)) throw std::runtime_error("QEMU's monitor does not answer \"" + line + "\"");
    return answer;
}

}  // namespace ixy::test
