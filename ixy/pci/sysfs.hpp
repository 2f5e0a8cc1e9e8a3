// A PCI function taken from the kernel through sysfs: no IOMMU, physical addresses, root. Linux,
// Documentation/PCI/sysfs-pci.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ixy/pci/files.hpp>
#include <ixy/pci/function.hpp>
#include <ixy/pci/guard.hpp>
#include <ixy/pci/undo.hpp>

namespace ixy {

/// What the functions of this process share while any of them is open: one guard, one DMA space.
struct SysfsSession {
    std::unique_ptr<Guard> guard;
    std::shared_ptr<DmaSpace> space;

    /// The open session, or a new one. Errors: system (no guard, or the guard was killed).
    static Expected<std::shared_ptr<SysfsSession>> get();
};

/// The driver_override that keeps kernel drivers off while we have the card: no driver has this name.
inline constexpr std::string_view taken_by_ixy = "ixy";

class SysfsFunction final : public PciFunction {
public:
    /// Takes the function at `address`, in the kernel's spelling: refuses it if it is in use, locks it, unbinds the
    /// kernel driver, powers it up, lets it decode memory and silences its interrupt. Bus mastering stays off until the
    /// driver has reset the card and turns it on, since the memory that the card would access still belongs to somebody
    /// else. If a step fails, those before it are undone.
    static Expected<std::unique_ptr<SysfsFunction>> open(const std::string& address, const PciOpenOptions& options,
                                                         const KernelTree& tree = {});
    ~SysfsFunction() override;

    std::string_view address() const override { return address_; }
    const PciIdentity& identity() const override { return identity_; }
    int numa_node() const override { return numa_node_; }
    Expected<std::uint32_t> config_read(std::uint32_t offset, unsigned width) override;
    Expected<> config_write(std::uint32_t offset, unsigned width, std::uint32_t value) override;
    Expected<Bar> map_bar(unsigned index, std::size_t least) override;
    const std::shared_ptr<DmaSpace>& dma_space() const override { return session_->space; }

    const Guard& guard() const { return *session_->guard; }

private:
    SysfsFunction(std::string address, KernelTree tree);

    Expected<> examine(const PciOpenOptions& options);
    Expected<> check_alive();
    Expected<> take_from_kernel();
    Expected<> power_up();
    Expected<> enable();
    template <class Action>
    Expected<> change(const UndoStep& undo, Action action);
    Expected<> change_file(const std::string& path, std::string_view text, std::string_view text_before);
    void give_back() noexcept;

    std::string address_;
    KernelTree tree_;
    std::string folder_;
    PciIdentity identity_;
    int numa_node_ = any_node;
    File config_;
    std::shared_ptr<SysfsSession> session_;
    unsigned guarded_as_ = 0;
    std::vector<UndoStep> undo_;
    std::array<std::span<std::byte>, 6> bars_{};
};

/// Whether physical addresses from the function at `address` reach memory: a translating IOMMU does not know the
/// addresses that we would give the card. Errors: unsupported, and others if that cannot be seen.
Expected<> check_physical_addresses_work(const KernelTree& tree, const std::string& address);

/// SysfsFunction::open for an address as people write it ("03:00.0"). Errors: those of open_pci_function.
Expected<std::unique_ptr<PciFunction>> open_sysfs_function(std::string_view address, const PciOpenOptions& options,
                                                           const KernelTree& tree = {});

}  // namespace ixy
