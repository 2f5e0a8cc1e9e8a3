// Explanations as text, where each line begins with its device's number, and as JSON.
#include <ixy/explain/narrator.hpp>

#include <atomic>
#include <utility>

#include <ixy/explain/folding.hpp>
#include <ixy/explain/json.hpp>
#include <ixy/explain/sentence.hpp>
#include <ixy/explain/text.hpp>

namespace ixy::explain {
namespace {

class TextNarrator final : public Narrator {
public:
    TextNarrator(std::string device, std::shared_ptr<Sink> sink, bool every_access)
        : device_(std::move(device)),
          sink_(std::move(sink)),
          number_("[" + std::to_string(next_number()) + "] "),
          folding_(every_access) {}

    void opened(const PciIdentity& identity, const datasheet::Chip* chip) override {
        const std::string id = hex(identity.vendor, 4).substr(2) + ":" + hex(identity.device, 4).substr(2);
        print(seconds({}) + "  " + device_ + ", " +
              (chip != nullptr ? "an Intel " + std::string(chip->name) : "for which there is no datasheet") + " (" +
              id + "); time in seconds, register, offset, value, source\n");
    }
    void tell(const Access& access) override { print(folding_.tell(access)); }
    void tell(const Handover& handover) override { print(folding_.summary() + handover_text(handover)); }
    void finish() override { print(folding_.summary()); }

private:
    static unsigned next_number() {
        static std::atomic<unsigned> last{0};
        return ++last;
    }
    void print(const std::string& lines) {
        std::string numbered;
        for (std::size_t begin = 0; begin < lines.size();) {
            const std::size_t end = lines.find('\n', begin) + 1;
            const bool continues = lines.compare(begin, indent.size(), indent) == 0;
            numbered += (continues ? std::string(number_.size(), ' ') : number_) + lines.substr(begin, end - begin);
            begin = end;
        }
        if (!numbered.empty()) sink_->print(numbered);
    }

    std::string device_;
    std::shared_ptr<Sink> sink_;
    std::string number_;
    Folding folding_;
};

class JsonNarrator final : public Narrator {
public:
    JsonNarrator(std::string device, std::shared_ptr<Sink> sink) : device_(std::move(device)), sink_(std::move(sink)) {}

    void opened(const PciIdentity& identity, const datasheet::Chip* chip) override {
        sink_->print(json_opened(device_, identity, chip) + "\n");
    }
    void tell(const Access& access) override { sink_->print(json_line(device_, access) + "\n"); }
    void tell(const Handover& handover) override { sink_->print(json_line(device_, handover) + "\n"); }
    void finish() override {}

private:
    std::string device_;
    std::shared_ptr<Sink> sink_;
};

}  // namespace

std::unique_ptr<Narrator> tell_as_text(std::string device, std::shared_ptr<Sink> sink, bool every_access) {
    return std::make_unique<TextNarrator>(std::move(device), std::move(sink), every_access);
}

std::unique_ptr<Narrator> tell_as_json(std::string device, std::shared_ptr<Sink> sink) {
    return std::make_unique<JsonNarrator>(std::move(device), std::move(sink));
}

}  // namespace ixy::explain
