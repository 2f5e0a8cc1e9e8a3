// The PCI function in front of a card whose driver runs outside this process.
#include <ixy/sim/card/watched.hpp>

#include <utility>

#include <ixy/explain/explainer.hpp>
#include <ixy/faults/injector.hpp>
#include <ixy/pci/wrapped.hpp>
#include <ixy/sim/card/faults.hpp>
#include <ixy/sim/function.hpp>

namespace ixy::sim {
namespace {

/// The client's mapped memory, where descriptors are looked up.
class ClientMemory final : public DmaSpace {
public:
    explicit ClientMemory(std::shared_ptr<Card> card) : card_(std::move(card)) {}

    std::size_t largest_piece() const override { return 0; }
    std::string describe() const override { return "a client's memory"; }
    std::span<std::byte> memory_at(IoAddress address, std::size_t bytes) const override {
        return card_->memory_at(address, bytes);
    }

private:
    Expected<Region> map_region(std::size_t, int) override {
        return failure(ErrorKind::unsupported, "memory cannot be allocated in a client's DMA space");
    }
    void unmap_region(Region&) noexcept override {}

    std::shared_ptr<Card> card_;
};

class WatchedFunction final : public WrappedFunction {
public:
    WatchedFunction(const std::shared_ptr<Card>& card, std::string name)
        : WrappedFunction(make_function(card, std::move(name), Running::manual)),
          card_(card),
          memory_(std::make_shared<ClientMemory>(card)) {
        // The client does for itself what make_function() does for a driver in this process.
        card->on_dma_miss(nullptr);
        card->config_write(pci_config::command, 2, 0);
    }
    const std::shared_ptr<DmaSpace>& dma_space() const override { return memory_; }
    Expected<> reset() override {
        card_->reset();
        return {};
    }

private:
    std::shared_ptr<Card> card_;
    std::shared_ptr<DmaSpace> memory_;
};

}  // namespace

Expected<std::unique_ptr<PciFunction>> watch(const std::shared_ptr<Card>& card, const CardAddress& address,
                                             std::string name) {
    std::unique_ptr<PciFunction> function = std::make_unique<WatchedFunction>(card, std::move(name));
    if (address.faults.empty()) {
        if (auto asked = faults::inject_if_requested(function); !asked)
            return std::unexpected(std::move(asked.error()));
    } else {
        auto plan = read_faults(address.faults);
        if (!plan) return std::unexpected(std::move(plan.error()));
        auto faulty = faults::inject(std::move(function), *plan);
        if (!faulty) return faulty;
        function = std::move(*faulty);
    }
    if (auto asked = explain::explain_if_requested(function); !asked) return std::unexpected(std::move(asked.error()));
    return function;
}

}  // namespace ixy::sim
