// How devices are named, and which backend opens which address.
#include <gtest/gtest.h>

#include <ixy/pci/address.hpp>
#include <ixy/pci/function.hpp>

namespace ixy {
namespace {

TEST(PciAddress, accepts_the_usual_spellings) {
    EXPECT_EQ(parse_pci_address("0000:03:00.0").value(), "0000:03:00.0");
    EXPECT_EQ(parse_pci_address("03:00.0").value(), "0000:03:00.0");
    EXPECT_EQ(parse_pci_address("3:0.1").value(), "0000:03:00.1");
    EXPECT_EQ(parse_pci_address("0000:AF:1F.7").value(), "0000:af:1f.7");
    EXPECT_EQ(parse_pci_address("10000:e1:00.0").value(), "10000:e1:00.0");  // behind Intel VMD
}

TEST(PciAddress, malformed_error_names_the_expected_form) {
    for (const char* text : {"",
                             ":",
                             "x",
                             "0000",
                             "0000:03",
                             "0000:03:00",
                             "0000:03:00.",
                             "0000:03:00.8",
                             "0000:03:20.0",
                             "0000:103:00.0",
                             "03:00.0 ",
                             " 03:00.0",
                             "0000:03:00.0.0",
                             "0:0:0:0.0",
                             "000:03:00.0",
                             "123456789:03:00.0",
                             "03:00.00",
                             "-3:00.0",
                             "0000:03:00.0/../0000:04:00.0",
                             "eth0",
                             "../../etc"}) {
        const auto parsed = parse_pci_address(text);
        ASSERT_FALSE(parsed.has_value()) << text;
        EXPECT_EQ(parsed.error().kind, ErrorKind::invalid_argument);
        EXPECT_NE(parsed.error().next.find("0000:03:00.0"), std::string::npos);
    }
}

TEST(OpenPciFunction, malformed_address_is_refused) {
    const auto function = open_pci_function("eth0");
    ASSERT_FALSE(function.has_value());
    EXPECT_EQ(function.error().kind, ErrorKind::invalid_argument);
    EXPECT_NE(function.error().what.find("eth0"), std::string::npos);
}

TEST(OpenPciFunction, absent_device_is_named) {
    const auto function = open_pci_function("ffff:ff:1f.7");
    ASSERT_FALSE(function.has_value());
    EXPECT_EQ(function.error().kind, ErrorKind::not_found);
    EXPECT_NE(function.error().what.find("ffff:ff:1f.7"), std::string::npos);
}

TEST(OpenPciFunction, an_unknown_scheme_is_named) {
    for (const std::string scheme : {"sim:", "vhost-user:"}) {
        const auto function = open_pci_function(scheme + "82540em");
        ASSERT_FALSE(function.has_value());
        EXPECT_EQ(function.error().kind, ErrorKind::unsupported) << function.error().text();
        EXPECT_NE(function.error().what.find("know " + scheme), std::string::npos) << function.error().text();
    }
}

TEST(OpenPciFunction, software_nics_need_a_library_and_a_call) {
    const Error error = open_pci_function("sim:82540em").error();
    EXPECT_NE(error.next.find("link the library ixy::sim"), std::string::npos) << error.text();
    EXPECT_NE(error.next.find("call ixy::sim::add_scheme()"), std::string::npos) << error.text();
}

TEST(OpenPciFunction, added_scheme_gets_its_addresses) {
    static std::string seen;
    add_pci_scheme("test", [](std::string_view address, const PciOpenOptions&) {
        seen = address;
        return Expected<std::unique_ptr<PciFunction>>(nullptr);
    });
    EXPECT_TRUE(open_pci_function("test:anything,key=0000:03:00.0").has_value());
    EXPECT_EQ(seen, "test:anything,key=0000:03:00.0");
}

TEST(OpenPciFunction, bus_number_that_looks_like_a_word_is_a_bus) {
    add_pci_scheme("fe", [](std::string_view, const PciOpenOptions&) -> Expected<std::unique_ptr<PciFunction>> {
        return failure(ErrorKind::system, "not this one");
    });
    EXPECT_EQ(open_pci_function("fe:1f.7").error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace ixy
