// A base address register: the window through which a device's registers are read and written.
//
// A mapped window is a single volatile access. Everything else (a software NIC, QEMU's qtest socket, an explainer, a
// recorder, a fault injector) implements BarBackend; backends nest, like devices that wrap devices.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <source_location>
#include <type_traits>

#include <ixy/datasheet/register.hpp>

namespace ixy {

/// Register access that is not a plain mapped load or store. Thread rule: calls may come from every thread that uses
/// the device; a backend that keeps state guards it.
class BarBackend {
public:
    virtual ~BarBackend() = default;
    /// Reads `width` bytes (1, 2, 4 or 8) at `offset`. A device that is gone reads as all ones.
    virtual std::uint64_t read(std::uint64_t offset, unsigned width, const std::source_location& where) = 0;
    virtual void write(std::uint64_t offset, unsigned width, std::uint64_t value,
                       const std::source_location& where) = 0;
};

/// A window of registers. This is a small handle: copy it freely. Its maker (a PciFunction) keeps the mapping or
/// backend behind it alive.
class Bar {
public:
    using Where = std::source_location;

    Bar() = default;
    /// Plain memory: a mapped BAR.
    Bar(std::byte* mapped, std::size_t size) : mapped_(mapped), size_(size) {}
    /// Anything else. `backend` is kept alive by its maker.
    Bar(BarBackend& backend, std::size_t size) : backend_(&backend), size_(size) {}

    std::size_t size() const { return size_; }
    /// The mapped memory, or null when accesses go through a backend.
    std::byte* mapped() const { return mapped_; }
    /// The same window with every access going through `backend`, for example one that prints it and passes it on.
    Bar through(BarBackend& backend) const { return Bar(backend, size_); }

    /// Reads a whole register: STATUS.LU & regs.read(STATUS).
    template <class R>
    datasheet::Value<R> read(datasheet::Location<R> at, const Where& where = Where::current()) const {
        return {load<std::uint32_t>(at.offset, where)};
    }
    template <class R, std::size_t N>
    datasheet::Value<R> read(const datasheet::Register<R, N>& reg, const Where& where = Where::current()) const {
        return {load<std::uint32_t>(reg.offset, where)};
    }
    /// Writes a whole register: regs.write(RCTL, RCTL.EN | RCTL.BAM).
    template <class R>
    void write(datasheet::Location<R> at, std::type_identity_t<datasheet::Value<R>> value,
               const Where& where = Where::current()) const {
        store<std::uint32_t>(at.offset, value.bits, where);
    }
    template <class R, std::size_t N>
    void write(const datasheet::Register<R, N>& reg, std::type_identity_t<datasheet::Value<R>> value,
               const Where& where = Where::current()) const {
        store<std::uint32_t>(reg.offset, value.bits, where);
    }
    /// A register that holds a plain number is written with one: regs.write(RDT, tail).
    void write(const datasheet::Number& reg, std::uint32_t number, const Where& where = Where::current()) const {
        store<std::uint32_t>(reg.offset, number, where);
    }
    void write(datasheet::Location<datasheet::Number> at, std::uint32_t number,
               const Where& where = Where::current()) const {
        store<std::uint32_t>(at.offset, number, where);
    }

    /// One access, as wide as T, at byte `offset`: for capabilities that describe their own layout.
    template <class T>
    T load(std::uint64_t offset, const Where& where = Where::current()) const {
        if (mapped_ != nullptr) [[likely]]
            return *reinterpret_cast<const volatile T*>(mapped_ + offset);
        return static_cast<T>(backend_->read(offset, sizeof(T), where));
    }
    template <class T>
    void store(std::uint64_t offset, T value, const Where& where = Where::current()) const {
        if (mapped_ != nullptr) [[likely]] {
            *reinterpret_cast<volatile T*>(mapped_ + offset) = value;
        } else {
            backend_->write(offset, sizeof(T), value, where);
        }
    }

private:
    std::byte* mapped_ = nullptr;
    BarBackend* backend_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace ixy
