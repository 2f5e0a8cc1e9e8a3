// The basis of the "driver x device" tests: a device opened on a bed of the subject, and frames both ways.
//
// Each file derives its suites and runs them on every_card(), or on one_card() if no two cards can differ.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/nic/subjects.hpp"

#include <ixy/datasheet/e1000/chips.hpp>
#include <ixy/nic/drivers.hpp>
#include <ixy/pci/recorder.hpp>

namespace ixy {

class Conformance : public testing::TestWithParam<test::Subject> {
protected:
    using Frame = test::Frame;
    static constexpr std::chrono::milliseconds patience{10'000};
    static constexpr std::chrono::milliseconds moment{50};

    test::TestBed& bed() {
        if (!bed_) bed_ = GetParam().make(1, false);
        return *bed_;
    }
    void use_bed(std::size_t cards, bool cabled) {
        expect_no_complaints();
        bed_ = GetParam().make(cards, cabled);
    }
    void TearDown() override { expect_no_complaints(); }
    /// True if the card follows the manual even where QEMU's cards do not.
    bool by_the_book() const { return GetParam().by_the_book; }
    /// Those of `sizes` that the card's frames may have, and its largest.
    static std::vector<std::size_t> possible(std::vector<std::size_t> sizes) {
        const std::size_t most = limits().most_max_frame;
        std::erase_if(sizes, [most](std::size_t size) { return size > most; });
        sizes.push_back(most);
        return sizes;
    }
    /// What the subject's card can do.
    static DeviceLimits limits() {
        const auto cards = known_devices();
        const auto card = std::ranges::find(cards, GetParam().model, &DriverEntry::model);
        if (card == cards.end()) throw std::runtime_error("no driver for the " + GetParam().model);
        return card->limits;
    }

    Expected<Device> try_open(const DeviceOptions& options = {}, std::size_t card = 0) {
        return Device::open(bed().function(card), with_queues(options));
    }
    Device open(const DeviceOptions& options = {}, std::size_t card = 0) {
        auto device = try_open(options, card);
        if (!device) throw std::runtime_error(device.error().text());
        early_.clear();
        return std::move(*device);
    }
    /// The same, with each register access recorded in log().
    Device open_logged(const DeviceOptions& options = {}) {
        auto device = Device::open(record(bed().function(0), log_), with_queues(options));
        if (!device) throw std::runtime_error(device.error().text());
        return std::move(*device);
    }
    RegisterLog& log() { return *log_; }

    // The far end
    bool wire_send(const Frame& frame, std::size_t card = 0, std::chrono::milliseconds limit = patience) {
        return bed().send(frame, card, limit);
    }
    Frame wire_receive(std::size_t card = 0, std::chrono::milliseconds limit = patience) {
        return bed().receive(card, limit);
    }
    bool wire_is_silent(std::size_t card = 0) { return bed().receive(card, moment).empty(); }

    // The program's end
    /// Sends all of `frames` in batches of up to 32. Gives up when the card accepts nothing for a while.
    static void send(Device& device, const std::vector<Frame>& frames) {
        Batch<32> batch;
        std::size_t next = 0;
        const bool all_sent = test::eventually([&] {
            while (!batch.full() && next < frames.size()) {
                Packet* const packet = test::make_packet(*device.pool(), frames[next]);
                if (packet == nullptr) break;
                batch.push(packet);
                ++next;
            }
            device.tx_queue(0).send(batch);
            return batch.empty() && next == frames.size();
        });
        if (!all_sent) throw std::runtime_error("sending got stuck at frame " + std::to_string(next));
    }
    static void send(Device& device, const Frame& frame) { send(device, std::vector<Frame>(1, frame)); }

    /// The next `count` frames; fewer if no more came.
    std::vector<Frame> receive(Device& device, std::size_t count, std::chrono::milliseconds limit = patience) {
        std::vector<Frame> frames = std::exchange(early_, {});
        Batch<32> batch;
        test::eventually(
            [&] {
                device.rx_queue(0).receive(batch);
                for (const Packet& packet : batch) frames.push_back(test::bytes_of(packet));
                batch.clear();
                return frames.size() >= count;
            },
            limit);
        if (frames.size() > count) {
            const auto rest = frames.begin() + static_cast<std::ptrdiff_t>(count);
            early_.assign(rest, frames.end());
            frames.erase(rest, frames.end());
        }
        return frames;
    }
    Frame receive_one(Device& device) {
        const auto frames = receive(device, 1);
        return frames.size() == 1 ? frames[0] : Frame{};
    }
    bool is_silent(Device& device) { return receive(device, 1, moment).empty(); }
    /// Every packet that is neither in the pool nor in the receive ring.
    static std::size_t missing(Device& device) { return device.pool()->size() - device.pool()->available(); }

private:
    /// As many queues as the subject has, unless the options ask for some, or for frames that several cannot share. The
    /// frames of most tests are no IP packets: those go to queue 0.
    static DeviceOptions with_queues(DeviceOptions options) {
        const std::size_t most = limits().most_scaled_frame;
        const bool shared = most == 0 || options.max_frame <= most;
        if (options.rx_queues == 1 && shared) options.rx_queues = GetParam().queues;
        if (options.tx_queues == 1) options.tx_queues = GetParam().queues;
        return options;
    }
    void expect_no_complaints() const { EXPECT_EQ(bed_ ? bed_->complaints() : "", ""); }

    std::unique_ptr<test::TestBed> bed_;
    std::vector<Frame> early_;  // arrived together with frames waited for, and not requested yet
    std::shared_ptr<RegisterLog> log_ = std::make_shared<RegisterLog>();
};

/// Receives what `held` has room for and appends it there. Returns how many packets came.
inline std::size_t receive_onto(RxQueue& queue, PacketBatch& held) {
    Batch<64> batch;
    const std::size_t got = queue.receive(batch);
    for (Packet* packet : batch.pointers()) held.push(packet);
    batch.release_front(got);
    return got;
}

inline auto every_card() { return testing::ValuesIn(test::every_subject()); }
inline auto one_card() { return testing::ValuesIn(test::one_of_a_kind()); }
inline std::string subject_name(const testing::TestParamInfo<test::Subject>& subject) { return subject.param.name; }

/// `count` frames that cycle through `sizes`, each different from its neighbours.
inline std::vector<test::Frame> numbered_frames(std::size_t count, std::vector<std::size_t> sizes = {60},
                                                std::string_view destination = "ff:ff:ff:ff:ff:ff") {
    std::vector<test::Frame> frames;
    for (std::size_t i = 0; i < count; ++i) {
        frames.push_back(test::make_frame(sizes[i % sizes.size()], static_cast<unsigned>(i), destination));
    }
    return frames;
}

/// `frame` as it appears on a wire that carries no fewer than 60 bytes. Cards pad (TCTL.PSP); QEMU's do not, and its
/// cables carry any length.
inline test::Frame padded(test::Frame frame) {
    frame.resize(std::max<std::size_t>(frame.size(), 60));
    return frame;
}

}  // namespace ixy
