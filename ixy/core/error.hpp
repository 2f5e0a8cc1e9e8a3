// Errors are values with a next step.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace ixy {

/// What kind of thing went wrong. Programs turn it into an exit status; tests compare it.
enum class ErrorKind : std::uint8_t {
    invalid_argument,  ///< a malformed address, an option out of range
    not_found,         ///< no such device, file or interface
    unsupported,       ///< the device or the machine cannot do that
    permission,        ///< a privilege is missing
    busy,              ///< the device is in use
    no_memory,         ///< no huge pages, or none left
    device_failed,     ///< the device did not answer as its datasheet promises, or is gone
    timeout,           ///< a bounded wait expired
    system,            ///< a system call failed; the text names it
};

/// What failed, on which file or device, and what to do about it.
struct Error {
    ErrorKind kind = ErrorKind::system;
    std::string what;  ///< "0000:00:03.0: enp0s3 is up and has the address 10.0.2.15"
    std::string next;  ///< "take it down first: ip link set enp0s3 down"; may be empty

    /// "what; next", as a program prints it.
    std::string text() const { return next.empty() ? what : what + "; " + next; }
};

template <class T = void>
using Expected = std::expected<T, Error>;

inline std::unexpected<Error> failure(ErrorKind kind, std::string what, std::string next = {}) {
    return std::unexpected(Error{kind, std::move(what), std::move(next)});
}

/// Failure of a system call: `what` followed by the text of `error_number` (errno).
std::unexpected<Error> system_failure(const std::string& what, int error_number, std::string next = {});

}  // namespace ixy
