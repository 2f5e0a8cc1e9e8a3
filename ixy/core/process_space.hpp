// DMA memory of this process, for devices that are software: a device's address is our pointer.
//
// The memory comes from memfd files, so that another process can map it too (vhost-user). Needs neither root nor huge
// pages.
#pragma once

#include <memory>
#include <string>

#include <ixy/core/dma.hpp>

namespace ixy {

/// Memory whose IoAddress is the pointer's value. Thread rule: as DmaSpace.
class ProcessSpace final : public DmaSpace {
public:
    static constexpr std::size_t default_region = std::size_t{64} << 20;
    /// Each region has `region_bytes` (a multiple of 4096, at least 4096), which is also the largest piece. Regions
    /// take no memory until they are used; vhost-user shares at most 8 of them.
    static Expected<std::shared_ptr<ProcessSpace>> create(std::size_t region_bytes = default_region);
    /// The one space of all software NICs of this process, so that they can exchange packets without copying. It lives
    /// as long as someone holds it.
    static std::shared_ptr<ProcessSpace> shared();
    ~ProcessSpace() override;

    std::size_t largest_piece() const override { return region_bytes_; }
    std::string describe() const override { return "memory of this process"; }

private:
    explicit ProcessSpace(std::size_t region_bytes) : region_bytes_(region_bytes) {}
    Expected<Region> map_region(std::size_t bytes, int node) override;
    void unmap_region(Region& region) noexcept override;

    std::size_t region_bytes_;
};

}  // namespace ixy
