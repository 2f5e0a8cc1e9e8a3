#include <ixy/core/error.hpp>

#include <system_error>

namespace ixy {

std::unexpected<Error> system_failure(const std::string& what, int error_number, std::string next) {
    const ErrorKind kind = error_number == EACCES || error_number == EPERM    ? ErrorKind::permission
                           : error_number == ENOENT || error_number == ENODEV ? ErrorKind::not_found
                           : error_number == EBUSY                            ? ErrorKind::busy
                           : error_number == ENOMEM                           ? ErrorKind::no_memory
                                                                              : ErrorKind::system;
    if (next.empty() && error_number == EMFILE) next = "allow the process more open files: ulimit -n 1024";
    if (next.empty() && error_number == EFBIG) next = "lift the limit on file sizes: ulimit -f unlimited";
    if (next.empty() && error_number == ENOMEM) next = "free some memory, or lift its limit: ulimit -v unlimited";
    return failure(kind, what + ": " + std::generic_category().message(error_number), std::move(next));
}

}  // namespace ixy
