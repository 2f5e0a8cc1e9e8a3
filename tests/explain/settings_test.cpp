// The words that select what is explained.
#include <gtest/gtest.h>

#include <cstdlib>

#include <ixy/explain/settings.hpp>

namespace ixy::explain {
namespace {

TEST(ExplainSettings, words_choose_what_is_explained) {
    for (const char* words : {"", "1", "on", "registers"}) {
        const auto settings = parse_settings(words);
        ASSERT_TRUE(settings) << words;
        EXPECT_TRUE(settings->on) << words;
        EXPECT_FALSE(settings->descriptors || settings->json) << words;
    }
    for (const char* words : {"0", "off", "no"}) EXPECT_FALSE(parse_settings(words)->on) << words;
    EXPECT_TRUE(parse_settings("descriptors")->descriptors);
    EXPECT_FALSE(parse_settings("descriptors")->json);
    const auto both = parse_settings("json,descriptors,registers");
    EXPECT_TRUE(both->on && both->json && both->descriptors);
}

TEST(ExplainSettings, unknown_words_are_errors_that_name_the_word) {
    for (const char* words : {"everything", "descriptors,", ",json", "json,,json", "json, descriptors", "JSON", "2"}) {
        const auto settings = parse_settings(words);
        ASSERT_FALSE(settings) << words;
        EXPECT_EQ(settings.error().kind, ErrorKind::invalid_argument);
        EXPECT_NE(settings.error().next.find("descriptors"), std::string::npos);
    }
    EXPECT_NE(parse_settings("registers,evrything").error().what.find("unknown --explain value 'evrything'"),
              std::string::npos);
}

TEST(ExplainSettings, the_environment_decides_until_the_program_does) {
    EXPECT_FALSE(requested()->on);
    ::setenv("IXY_EXPLAIN", "descriptors", 1);
    ::setenv("IXY_EXPLAIN_FILE", "/tmp/a", 1);
    EXPECT_TRUE(requested()->on);
    EXPECT_TRUE(requested()->descriptors);
    EXPECT_EQ(requested()->file, "/tmp/a");
    ::setenv("IXY_EXPLAIN", "evrything", 1);
    ASSERT_FALSE(requested());
    EXPECT_NE(requested().error().what.find("IXY_EXPLAIN"), std::string::npos) << "it says where the word comes from";
    request(Settings{.on = true, .json = true});
    EXPECT_TRUE(requested()->json);
    EXPECT_EQ(requested()->file, "/tmp/a") << "the environment's file, if the request has none";
    request(Settings{.on = true, .file = "/tmp/b"});
    EXPECT_EQ(requested()->file, "/tmp/b");
    request(Settings{});
    EXPECT_FALSE(requested()->on);
    request(std::nullopt);
    EXPECT_FALSE(requested()) << "the environment's turn again";
    ::unsetenv("IXY_EXPLAIN");
    ::unsetenv("IXY_EXPLAIN_FILE");
}

}  // namespace
}  // namespace ixy::explain
