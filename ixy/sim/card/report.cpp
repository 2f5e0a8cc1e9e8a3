// Reports, kept for tests or printed for people: each text once, up to a limit.
#include <ixy/sim/card/report.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <numeric>

namespace ixy::sim {
namespace {

constexpr std::size_t most_kept = 1000;

}  // namespace

std::string_view name(Misuse kind) {
    constexpr std::array<std::string_view, misuse_kinds> names = {
        "reserved bits",           "unknown register", "bad access",
        "tail beyond the ring",    "bad ring",         "descriptor given again",
        "bad descriptor",          "DMA not mapped",   "DMA without mastering",
        "receiver before its ring"};
    return names.at(static_cast<std::size_t>(kind));
}

void ReportList::report(std::string_view, const Report& report) {
    const std::lock_guard lock(mutex_);
    ++counts_.at(static_cast<std::size_t>(report.kind));
    if (reports_.size() < most_kept) reports_.push_back(report);
}

std::vector<Report> ReportList::reports() const {
    const std::lock_guard lock(mutex_);
    return reports_;
}

std::size_t ReportList::count() const {
    const std::lock_guard lock(mutex_);
    return std::reduce(counts_.begin(), counts_.end());
}

std::size_t ReportList::count(Misuse kind) const {
    const std::lock_guard lock(mutex_);
    return counts_.at(static_cast<std::size_t>(kind));
}

void ReportList::clear() {
    const std::lock_guard lock(mutex_);
    reports_.clear();
    counts_ = {};
}

std::string ReportList::text() const {
    const std::lock_guard lock(mutex_);
    std::string all;
    for (const Report& report : reports_) all += std::string(name(report.kind)) + ": " + report.text + "\n";
    return all;
}

void ReportPrinter::report(std::string_view card, const Report& report) {
    const std::string line = std::string(card) + ": " + std::string(name(report.kind)) + ": " + report.text;
    const std::lock_guard lock(mutex_);
    if (said_.size() >= most_kept || std::ranges::find(said_, line) != said_.end()) return;
    said_.push_back(line);
    std::fprintf(stderr, "%s\n", line.c_str());
    if (said_.size() == most_kept) std::fprintf(stderr, "%zu different reports: no more are printed\n", most_kept);
}

}  // namespace ixy::sim
