// The conformance suite on QEMU's cards.
#include "tests/nic/subjects.hpp"

namespace ixy::test {

std::vector<Subject> every_subject() { return qemu_subjects(); }
std::vector<Subject> one_of_a_kind() {
    std::vector<Subject> one_a_driver;
    for (Subject& subject : qemu_subjects()) {
        if (one_a_driver.empty() || one_a_driver.back().driver != subject.driver) one_a_driver.push_back(subject);
    }
    return one_a_driver;
}
std::vector<Subject> subjects_in_little_memory() { return one_of_a_kind(); }

}  // namespace ixy::test
