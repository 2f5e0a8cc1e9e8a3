// The wrapper around a device: a driver's life in sentences and in JSON, and no trace of the wrapper when it is off.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <random>
#include <sstream>
#include <thread>

#include "tests/support/memory_card.hpp"
#include "tests/support/test_bed.hpp"

#include <ixy/explain/explainer.hpp>
#include <ixy/nic/device.hpp>
#include <ixy/pci/recorder.hpp>
#include <nlohmann/json.hpp>

namespace ixy::explain {
namespace {

using namespace datasheet::e1000;

class TextList final : public Sink {
public:
    void print(std::string_view lines) override {
        const std::lock_guard lock(mutex_);
        text_ += lines;
    }
    std::string take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(text_, {});
    }

private:
    std::mutex mutex_;
    std::string text_;
};

class Explained : public testing::Test {
protected:
    /// A card made of memory, opened by the driver; the explanations selected by `words` go to `said`.
    Device open(std::string_view words) {
        auto card = std::make_unique<test::MemoryCard>();
        card_ = card.get();
        return Device::open(explain(std::move(card), parse_settings(words).value(), said_)).value();
    }
    test::MemoryCard& card() { return *card_; }
    std::string said() { return said_->take(); }
    static std::vector<nlohmann::json> lines_of(const std::string& text) {
        std::vector<nlohmann::json> lines;
        std::istringstream stream(text);
        for (std::string line; std::getline(stream, line);) lines.push_back(nlohmann::json::parse(line));
        return lines;
    }
    static void send(Device& device, std::size_t count) {
        Batch<64> batch;
        for (std::size_t i = 0; i < count; ++i) {
            batch.push(test::make_packet(*device.pool(), test::make_frame(60 + i)));
        }
        EXPECT_EQ(device.tx_queue(0).send(batch), count);
    }

private:
    test::MemoryCard* card_ = nullptr;
    std::shared_ptr<TextList> said_ = std::make_shared<TextList>();
};

TEST_F(Explained, opening_narrates_the_initialisation_chapter) {
    const Device device = open("registers");
    const std::string text = said();
    std::size_t last = 0;
    for (const char* step :
         {"memory, an Intel 82540EM (8086:100e)", "write IMC ", "RST 0 -> 1", "write EERD", "write MDIC", "write TDBAL",
          "EN 1: transmitter enabled", "RAL[0]", "… MTA[1] to MTA[127] likewise",
          "write RDT        0x02818  0x00000000 -> 0x000001ff (511)  Receive Descriptor Tail, 13.4.29  "
          "ixy/nic/e1000/receive.cpp:",
          "EN 1: receiver enabled", "LU 1: link up"}) {
        const std::size_t found = text.find(step, last);
        ASSERT_NE(found, std::string::npos) << step << "\nis not after\n" << text.substr(0, last);
        last = found;
    }
    EXPECT_EQ(text.find("no register"), std::string::npos) << "the driver uses only registers of the datasheet";
}

TEST_F(Explained, the_driver_sets_no_reserved_bits_except_in_masks) {
    const Device device = open("registers");
    std::istringstream text(said());
    std::string before;
    for (std::string line; std::getline(text, line); before = line) {
        if (line.find("reserved bits") == std::string::npos) continue;
        EXPECT_TRUE(before.find("ones to every bit") != std::string::npos ||
                    before.find("write IMC") != std::string::npos)
            << before << "\n"
            << line;
    }
}

TEST_F(Explained, explaining_does_not_change_what_the_driver_does) {
    const auto trace = [](bool explained) {
        auto log = std::make_shared<RegisterLog>();
        auto function = record(std::make_unique<test::MemoryCard>(), log);
        if (explained)
            function = explain(std::move(function), {.on = true, .descriptors = true}, std::make_shared<TextList>());
        Device device = Device::open(std::move(function)).value();
        send(device, 3);
        std::vector<std::tuple<bool, std::uint64_t, std::uint64_t>> accesses;
        for (const RegisterAccess& access : log->accesses()) {
            const bool is_address = access.offset == RDBAL.offset || access.offset == TDBAL.offset ||
                                    access.offset == RDBAH.offset || access.offset == TDBAH.offset;
            accesses.emplace_back(access.is_write(), access.offset, is_address ? 0 : access.value);
        }
        return accesses;
    };
    EXPECT_EQ(trace(false), trace(true));
}

TEST_F(Explained, descriptors_come_with_their_doorbell) {
    Device device = open("descriptors");
    EXPECT_NE(said().find("511 descriptors, 0 to 510 of 512, handed to the card\n"), std::string::npos);
    send(device, 2);
    const std::string sent = said();
    EXPECT_NE(sent.find("write TDT "), std::string::npos) << sent;
    EXPECT_NE(sent.find("2 descriptors, 0 to 1 of 512, handed to the card\n"), std::string::npos) << sent;
    EXPECT_NE(sent.find("[  1] legacy: 61 bytes at 0x"), std::string::npos) << sent;

    card().write_back(0, 60, RDESC_STATUS.DD | RDESC_STATUS.EOP);
    (void)device.link();
    EXPECT_NE(said().find("[  0] receive: 60 bytes at 0x"), std::string::npos);
}

TEST_F(Explained, registers_alone_do_not_show_descriptors) {
    Device device = open("registers");
    send(device, 2);
    EXPECT_EQ(said().find("handed to the card"), std::string::npos);
}

TEST_F(Explained, json_is_one_object_per_line_and_omits_nothing) {
    std::size_t accesses = 0;
    {
        Device device = open("json,descriptors");
        send(device, 5);
        accesses = *card().accesses();
        const auto lines = lines_of(said());
        EXPECT_EQ(lines.at(0)["event"], "open");
        EXPECT_EQ(lines[0]["chip"], "82540EM");
        std::size_t told = 0;
        double time = 0;
        for (const auto& line : lines) {
            EXPECT_EQ(line["device"], "memory");
            EXPECT_GE(line["time"], time);
            time = line["time"];
            if (line["event"] == "read" || line["event"] == "write") {
                ++told;
                EXPECT_TRUE(line["register"].is_string()) << line;
                EXPECT_EQ(line["file"].get<std::string>().find("ixy/nic/"), 0U) << line;
            }
        }
        EXPECT_EQ(told, accesses);
        EXPECT_EQ(lines.back()["event"], "to_card");
        EXPECT_EQ(lines.back()["descriptors"].size(), 5U);
        EXPECT_EQ(lines[lines.size() - 2]["register"], "TDT");
        EXPECT_EQ(lines[lines.size() - 2]["value"], 5);
    }
    EXPECT_GT(lines_of(said()).size(), 5U) << "closing is explained too";
}

TEST_F(Explained, chips_without_a_datasheet_are_explained_by_offset) {
    auto card = std::make_unique<test::MemoryCard>();
    card->set_identity({.vendor = 0x1af4, .device = 0x1000});
    auto sink = std::make_shared<TextList>();
    const auto function = explain(std::move(card), {.on = true, .descriptors = true}, sink);
    const Bar bar = function->map_bar(0, 0).value();
    bar.store<std::uint32_t>(0x20, 7);
    bar.store<std::uint8_t>(0x3819, 1);
    const std::string text = sink->take();
    EXPECT_NE(text.find("for which there is no datasheet (1af4:1000)"), std::string::npos) << text;
    EXPECT_NE(text.find("write ?          0x00020  <- 0x00000007"), std::string::npos) << text;
    EXPECT_NE(text.find("write ?          0x03819  <- 0x01 "), std::string::npos) << text;
}

TEST_F(Explained, threads_do_not_mix_their_lines) {
    auto card = std::make_unique<test::MemoryCard>();
    auto sink = std::make_shared<TextList>();
    const auto function = explain(std::move(card), {.on = true, .json = true}, sink);
    const Bar bar = function->map_bar(0, 0).value();
    {
        std::vector<std::jthread> threads;
        for (std::uint32_t thread = 0; thread < 4; ++thread) {
            threads.emplace_back([&bar, thread] {
                for (std::uint32_t i = 0; i < 200; ++i) bar.write(MTA[thread], i);
            });
        }
    }
    EXPECT_EQ(lines_of(sink->take()).size(), 801U);
}

TEST_F(Explained, garbage_in_registers_and_descriptors_is_explained_safely) {
    for (const bool json : {false, true}) {
        auto sink = std::make_shared<TextList>();
        auto card = std::make_unique<test::MemoryCard>();
        const DmaMemory memory = card->dma_space()->allocate(64 * 1024, 4096).value();
        const auto function = explain(std::move(card), {.on = true, .descriptors = true, .json = json}, sink);
        const Bar bar = function->map_bar(0, 0).value();
        std::mt19937 random(7);
        for (std::uint32_t i = 0; i < 16 * 1024; ++i) {
            reinterpret_cast<std::uint32_t*>(memory.data())[i] = static_cast<std::uint32_t>(random());
        }
        constexpr std::uint32_t rings[] = {RDBAL.offset, RDBAH.offset, RDLEN.offset, RDH.offset, RDT.offset,
                                           TDBAL.offset, TDBAH.offset, TDLEN.offset, TDH.offset, TDT.offset};
        std::size_t told = 0;
        for (int i = 0; i < 4000; ++i) {
            const auto offset = random() % 2 == 0 ? rings[random() % std::size(rings)]
                                                  : static_cast<std::uint32_t>(random() % 0x8000 * 4);
            auto value = static_cast<std::uint32_t>(random());
            if (offset == RDBAL.offset || offset == TDBAL.offset)
                value = static_cast<std::uint32_t>(memory.address().value);
            if (offset == RDBAH.offset || offset == TDBAH.offset)
                value = static_cast<std::uint32_t>(memory.address().value >> 32);
            if (offset >= RDLEN.offset) value %= 2048;
            if (random() % 3 == 0) {
                bar.load<std::uint32_t>(offset);
            } else if (random() % 16 == 0) {
                bar.store<std::uint16_t>(offset, 1);
            } else {
                bar.store<std::uint32_t>(offset, value);
            }
            const std::string text = sink->take();
            told += text.size();
            if (json) {
                EXPECT_NO_THROW(lines_of(text)) << text;
            }
        }
        EXPECT_GT(told, 100'000U);
    }
}

/// Explanations requested by the environment, for any opened device.
class ExplainedByEnvironment : public testing::Test {
protected:
    void TearDown() override {
        ::unsetenv("IXY_EXPLAIN");
        ::unsetenv("IXY_EXPLAIN_FILE");
        std::filesystem::remove(file_);
    }
    std::string told() const {
        std::ostringstream text;
        text << std::ifstream(file_).rdbuf();
        return text.str();
    }
    std::filesystem::path file_ =
        std::filesystem::temp_directory_path() / ("ixy-explain-" + std::to_string(::getpid()));
};

TEST_F(ExplainedByEnvironment, off_leaves_the_function_untouched) {
    std::unique_ptr<PciFunction> function = std::make_unique<test::MemoryCard>();
    const PciFunction* const before = function.get();
    ASSERT_TRUE(explain_if_requested(function));
    EXPECT_EQ(function.get(), before) << "nothing stands between the driver and its card";
    ::setenv("IXY_EXPLAIN", "0", 1);
    ASSERT_TRUE(explain_if_requested(function));
    EXPECT_EQ(function.get(), before);
    Device device = Device::open(std::move(function)).value();
    EXPECT_EQ(device.pci_function(), before);
}

TEST_F(ExplainedByEnvironment, every_opened_device_is_explained_and_files_are_appended_to) {
    ::setenv("IXY_EXPLAIN", "1", 1);
    ::setenv("IXY_EXPLAIN_FILE", file_.c_str(), 1);
    ASSERT_TRUE(Device::open(std::make_unique<test::MemoryCard>()));
    const std::string first = told();
    EXPECT_NE(first.find("ixy/nic/e1000/e1000.cpp:"), std::string::npos) << first;
    ASSERT_TRUE(Device::open(std::make_unique<test::MemoryCard>()));
    EXPECT_TRUE(told().starts_with(first));
    EXPECT_GT(told().size(), first.size() * 3 / 2);
}

TEST_F(ExplainedByEnvironment, bad_settings_make_open_fail) {
    ::setenv("IXY_EXPLAIN", "loudly", 1);
    const auto wrong_word = Device::open(std::make_unique<test::MemoryCard>());
    ASSERT_FALSE(wrong_word);
    EXPECT_EQ(wrong_word.error().kind, ErrorKind::invalid_argument);
    ::setenv("IXY_EXPLAIN", "1", 1);
    ::setenv("IXY_EXPLAIN_FILE", "/no/such/folder/file", 1);
    const auto wrong_file = Device::open(std::make_unique<test::MemoryCard>());
    ASSERT_FALSE(wrong_file);
    EXPECT_NE(wrong_file.error().what.find("/no/such/folder/file"), std::string::npos);
}

}  // namespace
}  // namespace ixy::explain
