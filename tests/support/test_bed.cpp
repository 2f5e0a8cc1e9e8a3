// Beds made of QEMU's cards, and conversion between frames and packets.
#include "tests/support/test_bed.hpp"

#include <algorithm>
#include <ostream>
#include <stdexcept>
#include <string>

namespace ixy::test {
namespace {

class QemuBed final : public TestBed {
public:
    explicit QemuBed(const std::vector<Card>& cards) : qemu_(cards) {}

    std::unique_ptr<PciFunction> function(std::size_t card) override {
        auto function = open_pci_function(address(card));
        if (!function) throw std::runtime_error(function.error().text());
        return std::move(*function);
    }
    std::string address(std::size_t card) const override { return qemu_.address(card); }
    bool send(std::span<const std::byte> frame, std::size_t card, std::chrono::milliseconds limit) override {
        return qemu_.wire(card).send(frame, limit);
    }
    Frame receive(std::size_t card, std::chrono::milliseconds limit) override {
        return qemu_.wire(card).receive(limit);
    }
    void set_link(std::size_t card, bool up) override { qemu_.set_link(card, up); }
    void kill() override { qemu_.kill(); }

private:
    Qemu qemu_;
};

Subject on_qemu(std::string name, std::string model, std::string driver, const std::string& qemu_model,
                std::size_t queues = 1) {
    const bool is_express = driver != "e1000";
    return {.name = std::move(name),
            .model = std::move(model),
            .driver = std::move(driver),
            .checks_received = is_express,
            .obeys_contexts = !is_express,
            .waits_for_room = is_express,
            .counts_fcs = !is_express,
            .queues = queues,
            .make = [qemu_model](std::size_t cards, bool cabled) {
                const Card card{.model = qemu_model, .cable = cabled ? "cable" : ""};
                return std::make_unique<QemuBed>(std::vector<Card>(cards, card));
            }};
}

}  // namespace

void PrintTo(const Subject& subject, std::ostream* out) { *out << subject.name; }

std::vector<Subject> with_several_queues(std::vector<Subject> subjects) {
    std::erase_if(subjects, [](const Subject& subject) { return subject.queues < 2; });
    return subjects;
}

std::vector<Subject> qemu_subjects() {
    return {on_qemu("qemu_82540em", "82540EM", "e1000", "e1000"),
            on_qemu("qemu_82545em", "82545EM", "e1000", "e1000-82545em"),
            on_qemu("qemu_82544gc", "82544GC", "e1000", "e1000-82544gc"),
            on_qemu("qemu_82574l", "82574L", "e1000e", "e1000e"),
            on_qemu("qemu_82574l_two_queues", "82574L", "e1000e", "e1000e", 2)};
}

Frame bytes_of(const Packet& packet) {
    Frame frame;
    for (const Packet* piece = &packet; piece != nullptr; piece = piece->next()) {
        const auto data = piece->data();
        frame.insert(frame.end(), data.begin(), data.end());
    }
    return frame;
}

Packet* make_packet(Mempool& pool, const Frame& frame) {
    Packet* first = nullptr;
    Packet* last = nullptr;
    std::size_t done = 0;
    do {
        Packet* const piece = pool.allocate();
        if (piece == nullptr) {
            if (first != nullptr) free_packets({&first, 1});
            return nullptr;
        }
        const std::size_t length = std::min(frame.size() - done, pool.data_room());
        std::copy_n(frame.data() + done, length, piece->start());
        piece->set_length(length);
        done += length;
        if (first == nullptr) {
            first = piece;
        } else {
            last->set_next(piece);
        }
        last = piece;
    } while (done < frame.size());
    return first;
}

}  // namespace ixy::test
