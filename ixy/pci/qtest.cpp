// A PCI function inside a QEMU under qtest. What firmware does on a PC (PCI Local Bus Specification 3.0, 6.2.5: size
// the BARs, place them, enable decoding) is done here, since nothing runs inside that machine.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include <ixy/pci/files.hpp>
#include <ixy/pci/qtest.hpp>

namespace ixy {
namespace {

constexpr std::string_view scheme = "qtest:";
constexpr std::string_view form = "write qtest:SOCKET[,memory=FILE][,device=02.0]";

// Guest-physical memory. Below 1 MiB are the usual parts of a PC (VGA, BIOS); RAM is one piece up to 2 GiB at most. The
// probed bytes are RAM too, but are never handed out.
constexpr std::size_t memory_begin = std::size_t{1} << 20;
constexpr std::size_t memory_end = std::size_t{2} << 30;
constexpr std::size_t page = 4096;
constexpr std::size_t probe_offset = 0x8'0000;

// Where BARs are placed: each function has its own share of the address space, so two never overlap, whoever placed the
// other one. The PCI hole of a q35 machine begins above its RAM; 0xe0000000 to 0xf0000000 is free.
constexpr std::uint64_t memory_share = 1 << 20;
constexpr std::uint64_t io_share = 0x40;
constexpr std::uint64_t memory_window(unsigned slot) { return 0xe000'0000 + slot * memory_share; }
constexpr std::uint64_t io_window(unsigned slot) { return 0xc000 + slot * io_share; }

/// "02.0"
std::string slot_name(unsigned slot) {
    constexpr std::string_view digits = "0123456789abcdef";
    return {digits[slot >> 7], digits[slot >> 3 & 0xf], '.', digits[slot & 7]};
}

std::optional<unsigned> parse_slot(std::string_view text) {
    unsigned device = 0;
    const char* const end = text.data() + text.size();
    const auto [dot, error] = std::from_chars(text.data(), end, device, 16);
    if (error != std::errc{} || device > 31 || end - dot != 2 || dot[0] != '.' || dot[1] < '0' || dot[1] > '7') {
        return std::nullopt;
    }
    return device << 3 | static_cast<unsigned>(dot[1] - '0');
}

struct Address {
    std::string socket;
    std::string memory;
    std::optional<unsigned> slot;
};

Expected<Address> parse(std::string_view text) {
    const auto malformed = [text](const std::string& why) {
        return failure(ErrorKind::invalid_argument, "\"" + std::string(text) + "\": " + why, std::string(form));
    };
    std::string_view rest = text.starts_with(scheme) ? text.substr(scheme.size()) : text;
    const auto next_part = [&rest] {
        const std::string_view part = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(rest.size(), part.size() + 1));
        return part;
    };
    Address address;
    address.socket = next_part();
    if (address.socket.empty()) return malformed("the path of the qtest socket is missing");
    while (!rest.empty()) {
        const std::string_view part = next_part();
        if (part.starts_with("memory=") && part.size() > 7) {
            address.memory = part.substr(7);
        } else if (part.starts_with("device=")) {
            address.slot = parse_slot(part.substr(7));
            if (!address.slot) return malformed("\"" + std::string(part) + "\" is not a device");
        } else {
            return malformed("\"" + std::string(part) + "\" is not understood");
        }
    }
    if (address.memory.empty()) address.memory = address.socket + ".memory";
    return address;
}

/// The machine's memory, mapped into this process: a byte's guest-physical address is its offset in the file.
class SharedFileSpace final : public DmaSpace {
public:
    /// Opens `path`, or returns the space that this process already has for this file: pieces of it may be in use.
    static Expected<std::shared_ptr<SharedFileSpace>> open(const std::string& path);
    ~SharedFileSpace() override {
        unmap_all();
        ::munmap(memory_.data(), memory_.size());
    }

    std::size_t largest_piece() const override { return memory_.size() - memory_begin - page; }
    std::string describe() const override { return "the memory of a QEMU, " + path_; }
    /// All of the file: another process may have put something there.
    std::span<std::byte> memory_at(IoAddress address, std::size_t bytes) const override {
        if (address.value > memory_.size() || bytes > memory_.size() - address.value) return {};
        return memory_.subspan(address.value, bytes);
    }
    /// True if the QEMU at the other end of `qtest` has this file as its memory, from the first to the last byte.
    bool belongs_to(QtestConnection& qtest);

private:
    SharedFileSpace(std::string path, std::span<std::byte> memory) : path_(std::move(path)), memory_(memory) {}
    Expected<Region> map_region(std::size_t bytes, int node) override;
    void unmap_region(Region&) noexcept override {}

    std::string path_;
    std::span<std::byte> memory_;
    bool handed_out_ = false;
};

Expected<std::shared_ptr<SharedFileSpace>> SharedFileSpace::open(const std::string& path) {
    static std::mutex mutex;
    static std::map<std::pair<dev_t, ino_t>, std::weak_ptr<SharedFileSpace>> spaces;
    const File file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    struct stat status{};
    if (!file.is_open() || ::fstat(file.get(), &status) != 0) {
        return system_failure("the memory file of QEMU, " + path, errno,
                              "name the mem-path of its memory-backend-file: " + std::string(form));
    }
    const std::lock_guard lock(mutex);
    auto& known = spaces[{status.st_dev, status.st_ino}];
    if (auto space = known.lock()) return space;

    const std::size_t size = std::min(static_cast<std::size_t>(status.st_size), memory_end) / page * page;
    if (size < 2 * memory_begin) {
        return failure(ErrorKind::invalid_argument,
                       "the memory file " + path + " has " + std::to_string(status.st_size) + " bytes",
                       "give QEMU at least size=2M, better size=64M");
    }
    void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED) return system_failure("mapping " + path, errno);
    std::shared_ptr<SharedFileSpace> space(new SharedFileSpace(path, {static_cast<std::byte*>(memory), size}));
    known = space;
    return space;
}

bool SharedFileSpace::belongs_to(QtestConnection& qtest) {
    const auto shared_at = [&](std::size_t offset) {
        auto* const ours = reinterpret_cast<volatile std::uint8_t*>(memory_.data() + offset);
        const std::uint8_t before = *ours;
        const auto inverted = static_cast<std::uint8_t>(~before);
        qtest.write(offset, 1, inverted);
        const bool shared = *ours == inverted;
        qtest.write(offset, 1, before);
        return shared;
    };
    return shared_at(probe_offset) && shared_at(memory_.size() - 1);
}

Expected<DmaSpace::Region> SharedFileSpace::map_region(std::size_t bytes, int) {
    if (std::exchange(handed_out_, true)) {
        return failure(
            ErrorKind::no_memory,
            describe() + ": no " + std::to_string(bytes) + " bytes left of " + std::to_string(memory_.size()),
            "give QEMU more, by size= of its memory-backend-file");
    }
    const std::span<std::byte> usable = memory_.subspan(memory_begin, largest_piece());
    return Region{.memory = usable, .granule = usable.size(), .addresses = {IoAddress{memory_begin}}};
}

/// A BAR of QEMU's device, in memory or in I/O space.
class Window final : public BarBackend {
public:
    Window(QtestConnection& qtest, bool is_io, std::uint64_t base, std::size_t size)
        : qtest_(qtest), is_io_(is_io), base_(base), size_(size) {}

    std::size_t size() const { return size_; }
    std::uint64_t read(std::uint64_t offset, unsigned width, const std::source_location&) override {
        return is_io_ ? qtest_.in(static_cast<std::uint16_t>(base_ + offset), width)
                      : qtest_.read(base_ + offset, width);
    }
    void write(std::uint64_t offset, unsigned width, std::uint64_t value, const std::source_location&) override {
        if (is_io_) {
            qtest_.out(static_cast<std::uint16_t>(base_ + offset), width, static_cast<std::uint32_t>(value));
        } else {
            qtest_.write(base_ + offset, width, value);
        }
    }

private:
    QtestConnection& qtest_;
    bool is_io_;
    std::uint64_t base_;
    std::size_t size_;
};

class QtestFunction final : public PciFunction {
public:
    QtestFunction(std::string_view address, std::shared_ptr<QtestConnection> qtest, unsigned slot,
                  std::shared_ptr<DmaSpace> memory)
        : address_(address), qtest_(std::move(qtest)), slot_(slot), memory_(std::move(memory)) {
        read_identity();
        place_bars();
    }
    ~QtestFunction() override {
        set_command(0);
        qtest_->disclaim(slot_);
    }

    std::string_view address() const override { return address_; }
    const PciIdentity& identity() const override { return identity_; }
    Expected<std::uint32_t> config_read(std::uint32_t offset, unsigned width) override {
        const std::uint32_t value = qtest_->config_read(slot_, offset, width);
        return qtest_->alive() ? Expected<std::uint32_t>(value) : gone();
    }
    Expected<> config_write(std::uint32_t offset, unsigned width, std::uint32_t value) override {
        qtest_->config_write(slot_, offset, width, value);
        return qtest_->alive() ? Expected<>() : gone();
    }
    Expected<Bar> map_bar(unsigned index, std::size_t least) override;
    const std::shared_ptr<DmaSpace>& dma_space() const override { return memory_; }
    void wait(std::chrono::nanoseconds duration) override { qtest_->pass_time(duration); }

private:
    std::unexpected<Error> gone() const {
        return failure(ErrorKind::device_failed, address_ + ": QEMU has ended",
                       "start it again, and open the device again");
    }
    void set_command(std::uint32_t bits) { qtest_->config_write(slot_, pci_config::command, 2, bits); }
    void read_identity();
    void place_bars();

    std::string address_;
    PciIdentity identity_;
    std::shared_ptr<QtestConnection> qtest_;
    unsigned slot_;
    std::shared_ptr<DmaSpace> memory_;
    std::array<std::optional<Window>, 6> windows_;
};

void QtestFunction::read_identity() {
    const auto read = [this](std::uint32_t offset) { return qtest_->config_read(slot_, offset, 4); };
    const std::uint32_t ids = read(pci_config::vendor_id);
    const std::uint32_t class_and_revision = read(pci_config::revision);
    const std::uint32_t subsystem = read(pci_config::subsystem_vendor);
    identity_ = {.vendor = static_cast<std::uint16_t>(ids),
                 .device = static_cast<std::uint16_t>(ids >> 16),
                 .subsystem_vendor = static_cast<std::uint16_t>(subsystem),
                 .subsystem_device = static_cast<std::uint16_t>(subsystem >> 16),
                 .class_code = class_and_revision >> 8,
                 .revision = static_cast<std::uint8_t>(class_and_revision)};
}

// A BAR keeps as many low bits at zero as its size demands, so writing ones and reading back gives the size. Bit 0:
// I/O; bits 2:1: 2 when the address has 64 bits and takes the next BAR too. PCI Local Bus Specification 3.0, 6.2.5.1.
void QtestFunction::place_bars() {
    set_command(0);
    std::uint64_t next[2] = {memory_window(slot_), io_window(slot_)};
    const std::uint64_t end[2] = {memory_window(slot_ + 1), io_window(slot_ + 1)};
    for (unsigned i = 0; i < windows_.size(); ++i) {
        const std::uint32_t offset = pci_config::bar0 + 4 * i;
        qtest_->config_write(slot_, offset, 4, ~0U);
        const std::uint32_t kept = qtest_->config_read(slot_, offset, 4);
        const unsigned space = kept & 1;
        const std::uint32_t size = ~(kept & (space == 1 ? ~3U : ~15U)) + 1;
        if (!qtest_->alive() || kept == 0 || size == 0) continue;
        const std::uint64_t base = (next[space] + size - 1) / size * size;
        if (base + size <= end[space]) {
            next[space] = base + size;
            windows_[i].emplace(*qtest_, space == 1, base, size);
        }
        qtest_->config_write(slot_, offset, 4, static_cast<std::uint32_t>(windows_[i] ? base : 0));
        if ((kept & 7) == 4) qtest_->config_write(slot_, pci_config::bar0 + 4 * ++i, 4, 0);
    }
    set_command(pci_config::command_memory | pci_config::command_io);
}

Expected<Bar> QtestFunction::map_bar(unsigned index, std::size_t least) {
    if (!qtest_->alive()) return gone();
    if (index >= windows_.size() || !windows_[index]) {
        return failure(ErrorKind::unsupported,
                       address_ + " has no BAR " + std::to_string(index) + " that can be placed");
    }
    if (windows_[index]->size() < least) {
        return failure(ErrorKind::device_failed, address_ + ": BAR " + std::to_string(index) + " has " +
                                                     std::to_string(windows_[index]->size()) + " bytes, not " +
                                                     std::to_string(least));
    }
    return Bar(*windows_[index], windows_[index]->size());
}

bool is_present(QtestConnection& qtest, unsigned slot) {
    return qtest.config_read(slot, pci_config::vendor_id, 2) != 0xffff;
}

std::optional<unsigned> find_network_card(QtestConnection& qtest) {
    for (unsigned first = 0; first < 256; first += 8) {
        if (!is_present(qtest, first)) continue;
        const bool has_more = (qtest.config_read(first, pci_config::header_type, 1) & 0x80) != 0;
        for (unsigned slot = first; slot < first + (has_more ? 8U : 1U); ++slot) {
            if (is_present(qtest, slot) && qtest.config_read(slot, pci_config::class_code + 2, 1) == 0x02) return slot;
        }
    }
    return std::nullopt;
}

}  // namespace

Expected<std::unique_ptr<PciFunction>> open_qtest_function(std::string_view text, const PciOpenOptions&) {
    const auto address = parse(text);
    if (!address) return std::unexpected(address.error());
    const auto qtest = QtestConnection::open(address->socket);
    if (!qtest) return std::unexpected(qtest.error());
    const auto memory = SharedFileSpace::open(address->memory);
    if (!memory) return std::unexpected(memory.error());

    const std::string name(text);
    const bool memory_fits = (*memory)->belongs_to(**qtest);
    if (!(*qtest)->alive()) return failure(ErrorKind::device_failed, name + ": QEMU has ended", "look at its output");
    if (!memory_fits) {
        return failure(ErrorKind::invalid_argument,
                       name + ": " + address->memory + " is not the whole memory of the QEMU at " + address->socket,
                       "name the mem-path of its memory-backend-file, which needs share=on: " + std::string(form));
    }
    const auto slot = address->slot ? address->slot : find_network_card(**qtest);
    if (!slot || !is_present(**qtest, *slot)) {
        return failure(
            ErrorKind::not_found,
            name + ": QEMU has no " + (slot ? "device " + slot_name(*slot) : "network card") + " on PCI bus 0",
            "start it with -device e1000,addr=" + slot_name(slot.value_or(16)) + ", or name another device=");
    }
    if (!(*qtest)->claim(*slot)) {
        return failure(ErrorKind::busy, name + ": this process has device " + slot_name(*slot) + " open already",
                       "close it first, or name another with device=");
    }
    return std::make_unique<QtestFunction>(text, *qtest, *slot, *memory);
}

}  // namespace ixy
