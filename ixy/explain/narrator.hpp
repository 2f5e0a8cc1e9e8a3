// Puts explanations into words, for people or for machines.
#pragma once

#include <memory>
#include <string>

#include <ixy/explain/access.hpp>
#include <ixy/explain/ring_watch.hpp>
#include <ixy/explain/sink.hpp>
#include <ixy/pci/function.hpp>

namespace ixy::explain {

/// Explains one device. Thread rule: one at a time.
class Narrator {
public:
    virtual ~Narrator() = default;
    virtual void opened(const PciIdentity& identity, const datasheet::Chip* chip) = 0;
    virtual void tell(const Access& access) = 0;
    virtual void tell(const Handover& handover) = 0;
    /// Nothing more comes: tells what was held back.
    virtual void finish() = 0;
};

/// Sentences, with repetitions folded. Numbers in brackets tell the devices of one process apart.
std::unique_ptr<Narrator> tell_as_text(std::string device, std::shared_ptr<Sink> sink, bool every_access = false);
/// One JSON object a line, nothing left out.
std::unique_ptr<Narrator> tell_as_json(std::string device, std::shared_ptr<Sink> sink);

}  // namespace ixy::explain
