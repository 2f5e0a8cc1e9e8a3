// Statistics once a second and a summary at the end, for people and for machines.
#include "monitor.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/core.h>
#include <ixy/explain/rings.hpp>
#include <ixy/sim/function.hpp>
#include <nlohmann/json.hpp>

#include "patient_sender.hpp"

namespace ixy::app {

namespace {

Figures difference(const Figures& now, const Figures& before) {
    return {{.rx_packets = now.rx_packets - before.rx_packets,
             .rx_bytes = now.rx_bytes - before.rx_bytes,
             .tx_packets = now.tx_packets - before.tx_packets,
             .tx_bytes = now.tx_bytes - before.tx_bytes,
             .rx_missed = now.rx_missed - before.rx_missed,
             .rx_errors = now.rx_errors - before.rx_errors,
             .rx_dropped = now.rx_dropped - before.rx_dropped,
             .tx_errors = now.tx_errors - before.tx_errors},
            now.lost_on_wire - before.lost_on_wire,
            now.queues};
}

/// `amount` in the largest unit that makes it at least one, to three digits.
std::string with_unit(double amount, std::string_view unit) {
    constexpr std::array<std::string_view, 4> prefixes{"", "k", "M", "G"};
    std::size_t prefix = 0;
    for (; prefix + 1 < prefixes.size() && amount >= 999.5; ++prefix) amount /= 1000;
    const bool is_whole = prefix == 0 && amount == std::floor(amount);
    const int digits = is_whole || amount >= 99.95 ? 0 : amount >= 9.995 ? 1 : 2;
    return fmt::format("{:.{}f} {}{}", amount, digits, prefixes[prefix], unit);
}

std::string device_line(const Device& device, const Figures& change, double seconds) {
    const Rate rx = rate_of(change.rx_packets, change.rx_bytes, seconds);
    const Rate tx = rate_of(change.tx_packets, change.tx_bytes, seconds);
    std::string line = fmt::format("{}: rx {}, tx {}", device.address(), text_of(rx), text_of(tx));
    const std::pair<std::string_view, std::uint64_t> losses[] = {{"missed", change.rx_missed},
                                                                 {"dropped", change.rx_dropped},
                                                                 {"rx errors", change.rx_errors},
                                                                 {"tx errors", change.tx_errors},
                                                                 {"lost on the wire", change.lost_on_wire}};
    for (const auto& [name, count] : losses) {
        if (count != 0) line += fmt::format(", {} {}", name, count);
    }
    return line;
}

/// "sim:82574l,wire=a: queue 0 rx 812, tx 500; queue 1 rx 188, tx 500"
std::string queues_line(const Device& device, const std::vector<QueueFigures>& queues) {
    std::string line = fmt::format("{}:", device.address());
    for (std::size_t i = 0; i < queues.size(); ++i) {
        line +=
            fmt::format("{} queue {} rx {}, tx {}", i == 0 ? "" : ";", i, queues[i].rx_packets, queues[i].tx_packets);
    }
    return line;
}

/// Frames that the other end of a software NIC's wire has not read yet.
std::uint64_t waiting_on_wire(Device& device) {
    const sim::Card* const card = sim::find_card(device.pci_function());
    return card != nullptr ? card->frames_waiting_on_wire() : 0;
}

std::string totals_line(const Totals& totals) {
    std::string line;
    for (const Total& total : totals) line += fmt::format("{}{} {}", line.empty() ? "" : ", ", total.name, total.value);
    return line;
}

nlohmann::ordered_json device_object(const Device& device, const Figures& total, const Figures& change,
                                     double seconds) {
    const Rate rx = rate_of(change.rx_packets, change.rx_bytes, seconds);
    const Rate tx = rate_of(change.tx_packets, change.tx_bytes, seconds);
    nlohmann::ordered_json object{{"device", device.address()},     {"rx_mpps", rx.mpps},
                                  {"rx_mbits", rx.megabits},        {"tx_mpps", tx.mpps},
                                  {"tx_mbits", tx.megabits},        {"rx_packets", total.rx_packets},
                                  {"rx_bytes", total.rx_bytes},     {"tx_packets", total.tx_packets},
                                  {"tx_bytes", total.tx_bytes},     {"rx_missed", total.rx_missed},
                                  {"rx_dropped", total.rx_dropped}, {"rx_errors", total.rx_errors},
                                  {"tx_errors", total.tx_errors},   {"lost_on_wire", total.lost_on_wire}};
    if (total.queues.size() < 2) return object;
    for (const QueueFigures& queue : total.queues) {
        object["queues"].push_back({{"rx_packets", queue.rx_packets}, {"tx_packets", queue.tx_packets}});
    }
    return object;
}

}  // namespace

Rate rate_of(std::uint64_t packets, std::uint64_t bytes, double seconds) {
    if (seconds <= 0) return {};
    const auto bits = static_cast<double>(bytes + packets * wire_overhead) * 8;
    return {.mpps = static_cast<double>(packets) / seconds / 1e6, .megabits = bits / seconds / 1e6};
}

std::string text_of(const Rate& rate) {
    return with_unit(rate.mpps * 1e6, "pps") + " " + with_unit(rate.megabits * 1e6, "bit/s");
}

Expected<> check_wire(const sim::Card& card) {
    if (!card.other_end_is_missing()) return {};
    return failure(ErrorKind::invalid_argument,
                   card.card_name() + ": the wire is a cable inside this program, and no card here has its other end",
                   "for a cable to another program, name a path, as in wire=/tmp/a");
}

Expected<> check_wires(std::initializer_list<Device*> devices) {
    for (Device* device : devices) {
        const sim::Card* const card = sim::find_card(device->pci_function());
        if (card == nullptr) continue;
        if (auto joined = check_wire(*card); !joined) return joined;
    }
    return {};
}

Monitor::Monitor(std::string program, const CommonOptions& options, std::vector<Device*> devices,
                 std::function<Totals()> totals)
    : program_(std::move(program)),
      options_(options),
      devices_(std::move(devices)),
      totals_(std::move(totals)),
      start_(Clock::now()),
      end_(Clock::time_point::max()),
      last_(start_),
      next_(start_ + std::chrono::seconds(1)),
      at_last_(devices_.size()) {
    for (Device* device : devices_) introduce(*device);
    open_window();
    if (options.duration) {
        end_ = start_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(*options.duration));
    }
}

void Monitor::introduce(Device& device) const {
    const Link link = device.link();
    say(fmt::format("{}: {}: {}, driver {}, {}, link {}", program_, device.address(), device.model(),
                    device.driver_name(), device.mac_address().text(),
                    link.up ? fmt::format("{} Mbit/s", link.megabits) : "down"));
    if (const std::string warning = device.dma_space()->take_warning(); !warning.empty()) {
        say(fmt::format("{}: {}", program_, warning));
    }
}

/// Looking is a convenience: without it the program does its work all the same.
void Monitor::open_window() {
    std::vector<sim::Card*> cards;
    for (Device* device : devices_)
        if (sim::Card* const card = sim::find_card(device->pci_function())) cards.push_back(card);
    if (cards.empty()) return;
    if (auto window = sim::Window::open(std::move(cards))) window_ = std::move(*window);
}

bool Monitor::look() {
    if (take_rings_request()) {
        for (Device* device : devices_)
            if (PciFunction* const function = device->pci_function()) explain::print_rings(*function);
    }
    const Clock::time_point now = Clock::now();
    if (now >= end_) return false;
    if (now < next_) return true;
    next_ += std::chrono::seconds(1);
    if (next_ < now) next_ = now + std::chrono::seconds(1);
    check_devices();
    if (ending_.has_begun()) return false;
    const std::vector<Figures> figures = read_figures();
    print(at_last_, figures, std::chrono::duration<double>(now - last_).count(), false);
    at_last_ = figures;
    last_ = now;
    return !ending_.has_begun();
}

Expected<> Monitor::run() {
    std::deque<Pulse> pulses;
    for (const Thread& thread : threads_) {
        Pulse& pulse = pulses.emplace_back(ending_, pulses.empty() ? this : nullptr);
        if (auto ready = pulse.wait_for(options_, thread.events); !ready) return ready;
    }
    const ThreadCpus cpus(options_, devices_.front()->numa_node());
    if (cpus.count() != 0 && cpus.count() < threads_.size()) {
        say(fmt::format("{}: {} threads share {} CPU{}", program_, threads_.size(), cpus.count(),
                        cpus.count() == 1 ? "" : "s"));
    }
    if (auto pinned = cpus.pin(0); !pinned) return pinned;
    run_threads(pulses, cpus);
    return {};
}

/// The main thread is the first; while it works, it looks after all of them.
void Monitor::run_threads(std::deque<Pulse>& pulses, const ThreadCpus& cpus) {
    const auto work = [&](std::size_t thread) {
        if (thread != 0) ::pthread_setname_np(::pthread_self(), fmt::format("queue {}", thread).c_str());
        if (auto pinned = cpus.pin(thread); !pinned) fail(pinned.error());
        threads_[thread].run(pulses[thread]);
        ending_.begin();
    };
    std::vector<std::jthread> others;
    try {
        for (std::size_t thread = 1; thread < threads_.size(); ++thread) others.emplace_back(work, thread);
    } catch (const std::system_error& problem) {
        const auto failed =
            system_failure("a thread for each queue", problem.code().value(), "raise this user's limit: ulimit -u");
        fail(failed.error());
    }
    work(0);
}

bool Monitor::keeps_waiting(std::chrono::milliseconds standstill) const {
    return app::keeps_waiting(Clock::now() < end_ && !ending_.has_failed(), standstill);
}

void Monitor::check_devices() {
    for (Device* device : devices_) {
        if (!device->gone()) continue;
        fail({ErrorKind::device_failed,
              fmt::format("{}: the card is gone: its registers read as all ones", device->address()),
              "see whether it is still there: lspci; dmesg"});
    }
}

std::vector<Figures> Monitor::read_figures() {
    std::vector<Figures> all;
    for (Device* device : devices_) {
        const sim::Card* const card = sim::find_card(device->pci_function());
        Figures& figures = all.emplace_back(device->statistics(), card != nullptr ? card->frames_lost_on_wire() : 0);
        for (std::size_t i = 0; i < options_.queues; ++i) {
            figures.queues.push_back({.rx_packets = device->rx_queue(i).counters().packets.value(),
                                      .tx_packets = device->tx_queue(i).counters().packets.value()});
        }
    }
    return all;
}

void Monitor::wait_until_sent() {
    for (Device* device : devices_) {
        std::uint64_t handed_over = 0;
        for (std::size_t i = 0; i < options_.queues; ++i) handed_over += device->tx_queue(i).counters().packets.value();
        const auto in_card = [&] { return handed_over - std::min(handed_over, device->statistics().tx_packets); };
        std::uint64_t left = in_card() + waiting_on_wire(*device);
        Clock::time_point moved = Clock::now();
        while (left != 0 && stop_requests() < 2 && Clock::now() < moved + longest_standstill) {
            for (std::size_t i = 0; i < options_.queues; ++i) device->tx_queue(i).reclaim();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            const std::uint64_t before = std::exchange(left, in_card() + waiting_on_wire(*device));
            if (left < before) moved = Clock::now();
        }
        if (const std::uint64_t stuck = in_card(); stuck != 0) {
            fail({ErrorKind::device_failed,
                  fmt::format("{}: {} frames did not leave the card", device->address(), stuck),
                  waits_for_wire(*device) ? "see why the other end of its wire reads nothing"
                                          : "see whether its link is up"});
        }
    }
}

Expected<> Monitor::finish() {
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    check_devices();
    std::vector<Figures> figures = at_last_;
    bool all_there = true;
    for (Device* device : devices_) all_there = all_there && !device->gone();
    if (all_there) {
        wait_until_sent();
        for (Device* device : devices_) {
            sim::Card* const card = sim::find_card(device->pci_function());
            if (auto finished = card != nullptr ? card->finish_wire() : Expected<>(); !finished) fail(finished.error());
        }
        figures = read_figures();
        for (std::size_t i = 0; i < devices_.size(); ++i) figures[i].lost_on_wire += waiting_on_wire(*devices_[i]);
    }
    print(std::vector<Figures>(devices_.size()), figures, seconds, true);
    return ending_.result();
}

/// The lines of each second are printed by the thread that moves packets, so they are left out while nobody reads them.
void Monitor::print(const std::vector<Figures>& since, const std::vector<Figures>& now, double seconds, bool summary) {
    const auto has_reader = [&](int file) {
        const bool is_read = summary || takes_output(file);
        if (!is_read) ++left_out_;
        return is_read;
    };
    if (summary && left_out_ != 0)
        say(fmt::format("{}: statistics were left out {} times: nobody read them", program_, left_out_));
    if (summary) say(fmt::format("{}: {:.1f} s in all: {}", program_, seconds, totals_line(totals_())));
    if (has_reader(STDERR_FILENO)) {
        for (std::size_t i = 0; i < devices_.size(); ++i) {
            say(device_line(*devices_[i], difference(now[i], since[i]), seconds));
            if (summary && now[i].queues.size() > 1) say(queues_line(*devices_[i], now[i].queues));
        }
    }
    if (options_.json && has_reader(STDOUT_FILENO)) print_json(since, now, seconds, summary);
}

void Monitor::print_json(const std::vector<Figures>& since, const std::vector<Figures>& now, double seconds,
                         bool summary) {
    nlohmann::ordered_json line{{"program", program_},
                                {"seconds", std::chrono::duration<double>(Clock::now() - start_).count()}};
    if (summary) line["summary"] = true;
    for (const Total& total : totals_()) line[std::string(total.name)] = total.value;
    std::uint64_t missed = 0;
    line["devices"] = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < devices_.size(); ++i) {
        missed += now[i].rx_missed;
        line["devices"].push_back(device_object(*devices_[i], now[i], difference(now[i], since[i]), seconds));
    }
    line["rx_missed"] = missed;
    const auto keep_waiting = [this](auto standstill) { return keeps_waiting(standstill); };
    if (auto printed = app::print(line.dump() + "\n", keep_waiting); !printed) fail(printed.error());
}

}  // namespace ixy::app
