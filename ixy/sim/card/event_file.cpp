// A write() to an eventfd blocks when the count is full and O_NONBLOCK is not set. All users of the eventfd share that
// flag, RWF_NOWAIT works only for reads, and the answer of poll() may be out of date a moment later. The kernel's own
// signal for a finished asynchronous request never blocks (io_submit(2), IOCB_FLAG_RESFD). So we submit a request that
// reads an empty file, which finishes at once.
//
// One gap remains: where a kernel or a sandbox lacks asynchronous requests, we set the flag and write, and another user
// of the eventfd could clear the flag between the two.
#include <ixy/sim/card/event_file.hpp>

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <ctime>

#include <ixy/core/files.hpp>

namespace ixy::sim {
namespace {

class Signaller {
public:
    Signaller() : empty_(::memfd_create("ixy-empty", MFD_CLOEXEC)) {
        if (::syscall(SYS_io_setup, 32, &context_) != 0) context_ = 0;  // the kernel frees it when the process ends
    }
    bool signal(int event_file) const {
        iocb request{};
        request.aio_lio_opcode = IOCB_CMD_PREAD;
        request.aio_fildes = static_cast<std::uint32_t>(empty_.get());
        request.aio_flags = IOCB_FLAG_RESFD;
        request.aio_resfd = static_cast<std::uint32_t>(event_file);
        std::array<iocb*, 1> requests{&request};
        if (context_ == 0 || ::syscall(SYS_io_submit, context_, 1L, requests.data()) != 1) return false;
        std::array<io_event, 4> finished;  // makes room for the next
        timespec at_once{};
        ::syscall(SYS_io_getevents, context_, 0L, static_cast<long>(finished.size()), finished.data(), &at_once);
        return true;
    }

private:
    File empty_;
    aio_context_t context_ = 0;
};

}  // namespace

void signal_event(int event_file) {
    static const auto* const signaller = new Signaller;  // never destroyed: cards may be in use while the process ends
    if (signaller->signal(event_file)) return;
    ::fcntl(event_file, F_SETFL, O_NONBLOCK);
    (void)::eventfd_write(event_file, 1);  // fails only when the count is already 2^64 - 2
}

bool take_event(int event_file) {
    eventfd_t count = 0;
    const iovec part{.iov_base = &count, .iov_len = sizeof count};
    if (::preadv2(event_file, &part, 1, -1, RWF_NOWAIT) == sizeof count) return true;
    if (errno != EOPNOTSUPP) return false;
    ::fcntl(event_file, F_SETFL, O_NONBLOCK);  // Linux before 5.8
    return ::eventfd_read(event_file, &count) == 0;
}

}  // namespace ixy::sim
