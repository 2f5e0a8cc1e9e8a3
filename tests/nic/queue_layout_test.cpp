// Different queues share no cache line that is written: what each writes is found by comparing memory.
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstring>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "tests/support/far_end.hpp"
#include "tests/support/internet_frames.hpp"
#include "tests/support/rss_vectors.hpp"
#include "tests/support/written_lines.hpp"

#include <ixy/core/batch.hpp>
#include <ixy/core/process_space.hpp>
#include <ixy/nic/device.hpp>
#include <ixy/nic/waiter.hpp>
#include <ixy/sim/function.hpp>

namespace ixy::test {
namespace {

using namespace std::chrono_literals;

constexpr DeviceOptions small{.rx_ring_size = 32, .tx_ring_size = 32, .pool_packets = 96};
constexpr unsigned rounds = 80;  // several times around every ring

/// Lets threads act one at a time, in turns, and ends none before all are done.
class Turns {
public:
    explicit Turns(std::size_t threads, unsigned rounds_each) : threads_(threads), rounds_(rounds_each) {}

    /// Calls act(round) in each turn of thread `number`.
    void take(std::size_t number, const auto& act) {
        for (unsigned round = 0; round < rounds_; ++round) {
            wait_for(round * threads_ + number);
            act(round);
            const std::lock_guard lock(mutex_);
            ++turn_;
            changed_.notify_all();
        }
        wait_for(rounds_ * threads_);
    }

private:
    void wait_for(std::size_t turn) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return turn_ >= turn; });
    }

    const std::size_t threads_;
    const unsigned rounds_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t turn_ = 0;
};

/// What one thread does in each of its turns, and what that writes.
struct Worker {
    std::string name;
    std::function<void(PacketBatch& batch, WrittenLines& written, unsigned round)> act;
    std::unique_ptr<WrittenLines> written;
};

/// A card in whose background nothing happens, and the far end of its cable.
class QueueLayout : public testing::Test {
protected:
    void open(const char* type, std::size_t queues) {
        auto card = std::make_shared<sim::Card>(*sim::find_card_type(type), far_end.plug());
        DeviceOptions options = small;
        options.rx_queues = options.tx_queues = queues;
        device.emplace(
            Device::open(watched(make_function(std::move(card), type, sim::Running::manual)), options).value());
    }

    /// Frames arrive for a receive queue, which are received, with waits and empty polls in between.
    Worker receiver(std::size_t index, bool waits) {
        RxQueue& queue = device->rx_queue(index);
        auto waiter = std::make_shared<Waiter>(Waiter::polling());
        if (waits) *waiter = Waiter::create(WaitMode::interrupt, {{&queue.arrivals()}}).value();
        auto act = [=, this, &queue](PacketBatch& batch, WrittenLines& written, unsigned round) {
            std::vector<Frame> frames;
            for (unsigned i = 0; i <= round % 4; ++i)
                frames.push_back(frame_for(index, 7 * round + i, 20 + round % 50));
            std::size_t received = 0;
            written.by_card([&] {
                for (const Frame& frame : frames) far_end.send(frame, 0ms);
            });
            written.by_driver([&] {
                if (waits && round % 4 == 0) (void)queue.wait(0s);
                received = queue.receive(batch);
            });
            EXPECT_EQ(received, frames.size());
            written.by_driver([&] {
                queue.receive(batch);
                if (waits && round % 4 == 0) (void)waiter->rest(0s);
            });
        };
        return {"receive queue " + std::to_string(index), act, std::make_unique<WrittenLines>(device->dma_space())};
    }

    /// Packets are allocated, sent and reclaimed.
    Worker sender(std::size_t index, bool waits) {
        TxQueue& queue = device->tx_queue(index);
        const auto pool = device->create_pool({.packets = 96}).value();
        EXPECT_TRUE(!waits || queue.room().event_file());
        auto act = [=, this, &queue](PacketBatch& batch, WrittenLines& written, unsigned round) {
            written.by_driver([&] {
                batch.allocate(*pool, 1 + round % 4);
                for (Packet& packet : batch) {
                    packet.set_length(60 + round % 4);
                    std::memset(packet.start(), static_cast<int>(round), packet.length());
                }
                queue.send(batch);
                if (waits && round % 4 == 0) (void)queue.room().wait(0s);
                if (round % 3 == 0) queue.reclaim();
            });
            EXPECT_TRUE(batch.empty());
            while (!far_end.receive(0ms).empty()) continue;
        };
        return {"transmit queue " + std::to_string(index), act, std::make_unique<WrittenLines>(device->dma_space())};
    }

    /// Each worker in a thread of its own. All threads exist all the time, so that none has another's pool cache.
    void run(std::vector<Worker>& workers) {
        Turns turns(workers.size(), rounds);
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < workers.size(); ++i) {
            threads.emplace_back([&, i] {
                Batch<8> batch;
                turns.take(i, [&](unsigned round) {
                    if (round == 0) return detail::take_thread_slot();  // once in a thread's life
                    workers[i].act(batch, *workers[i].written, round);
                });
                batch.clear();
            });
        }
    }

    static void expect_apart(const std::vector<Worker>& workers) {
        for (std::size_t i = 0; i < workers.size(); ++i) {
            for (const std::uintptr_t line : workers[i].written->lines()) {
                EXPECT_TRUE(has_one_owner(line)) << workers[i].name << ": " << contents_of(line);
                for (std::size_t j = i + 1; j < workers.size(); ++j) {
                    EXPECT_FALSE(workers[j].written->lines().contains(line))
                        << workers[i].name << " and " << workers[j].name << " both write to " << contents_of(line);
                }
            }
        }
    }
    template <class T>
    static bool wrote(const Worker& worker, const T& object) {
        return worker.written->lines().contains(reinterpret_cast<std::uintptr_t>(&object) / line_bytes);
    }

    FarEnd far_end;
    std::optional<Device> device;
};

TEST_F(QueueLayout, queues_of_an_82574L_share_no_written_line) {
    open("82574l", 2);
    std::vector<Worker> workers;
    for (std::size_t queue = 0; queue < 2; ++queue) {
        workers.push_back(receiver(queue, true));
        workers.push_back(sender(queue, true));
    }
    run(workers);
    for (std::size_t queue = 0; queue < 2; ++queue) {
        EXPECT_TRUE(wrote(workers[2 * queue], device->rx_queue(queue).counters().packets));
        EXPECT_TRUE(wrote(workers[2 * queue + 1], device->tx_queue(queue).counters().packets));
        EXPECT_GT(workers[2 * queue].written->lines().size(), small.rx_ring_size) << "packets and descriptors";
        EXPECT_GT(workers[2 * queue + 1].written->lines().size(), small.tx_ring_size);
    }
    expect_apart(workers);
}

// One interrupt serves both directions, so that waiting shares a lock: these poll.
TEST_F(QueueLayout, receive_and_transmit_queue_of_an_82540EM_share_no_written_line) {
    open("82540em", 1);
    std::vector<Worker> workers;
    workers.push_back(receiver(0, false));
    workers.push_back(sender(0, false));
    run(workers);
    expect_apart(workers);
}

TEST(WrittenLines, are_found_on_the_heap_in_static_data_and_in_dma_memory) {
    const auto dma = ProcessSpace::create(1 << 20).value();
    const DmaMemory memory = dma->allocate(128, 64).value();
    const auto heap = std::make_unique<std::byte[]>(100);
    static std::byte in_static_data{};
    const auto change = [](std::byte& byte) { byte ^= std::byte{1}; };
    for (std::byte* const byte : {&heap[70], &in_static_data, &memory.data()[64]}) {
        const auto by_driver = std::make_unique<WrittenLines>(dma), by_card = std::make_unique<WrittenLines>(dma);
        by_driver->by_driver([&] { change(*byte); });
        by_card->by_card([&] { change(*byte); });
        EXPECT_EQ(by_driver->lines(), Lines{reinterpret_cast<std::uintptr_t>(byte) / line_bytes});
        EXPECT_EQ(by_card->lines(), byte == &memory.data()[64] ? by_driver->lines() : Lines{});
    }
}

}  // namespace
}  // namespace ixy::test
