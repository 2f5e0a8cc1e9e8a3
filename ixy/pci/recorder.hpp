// The simplest layer between a driver and its device: it records each register access.
//
//   auto log = std::make_shared<RegisterLog>();
//   auto device = Device::open(record(std::move(function), log));
//   log->clear();
//   device->tx_queue(0).send(batch);
//   log->accesses();          // one write, to TDT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <source_location>
#include <vector>

#include <ixy/pci/function.hpp>

namespace ixy {

/// One access to a register.
struct RegisterAccess {
    enum class Kind : std::uint8_t { read, write };
    Kind kind;
    unsigned bar;          ///< 0 to 5
    std::uint64_t offset;  ///< bytes from the start of the BAR
    unsigned width;        ///< bytes: 1, 2, 4 or 8
    std::uint64_t value;   ///< what was read or written
    std::source_location where;

    bool is_read() const { return kind == Kind::read; }
    bool is_write() const { return kind == Kind::write; }
};

/// What a driver did to its device's registers, in order. Thread rule: any thread.
class RegisterLog {
public:
    void add(const RegisterAccess& access);
    void clear();
    /// All accesses since the last clear().
    std::vector<RegisterAccess> accesses() const;
    std::size_t reads() const { return count(RegisterAccess::Kind::read); }
    std::size_t writes() const { return count(RegisterAccess::Kind::write); }
    /// The values written to `offset` of BAR `bar`, in order: written(TDT.offset)
    std::vector<std::uint64_t> written(std::uint64_t offset, unsigned bar = 0) const;

private:
    std::size_t count(RegisterAccess::Kind kind) const;

    mutable std::mutex mutex_;
    std::vector<RegisterAccess> accesses_;
};

/// A function that behaves like `inner`, and records each register access in `log`.
std::unique_ptr<PciFunction> record(std::unique_ptr<PciFunction> inner, std::shared_ptr<RegisterLog> log);

}  // namespace ixy
