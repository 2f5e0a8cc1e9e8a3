// The guard: the owner's end, which sends requests, and the process, which answers them until its owner is gone.
#include <ixy/pci/guard.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <string_view>

#include <ixy/core/files.hpp>

namespace ixy {

/// One message on the socket, with at most one file descriptor attached.
struct Guard::Message {
    Request request;
    unsigned function = 0;
    UndoStep step{};
    unsigned number = 0;
};

struct Guard::Answer {
    unsigned number;  ///< of the message: tells a late answer, no longer waited for, from the next one
    int result;       ///< negative: an errno
};

namespace {

/// One message over a Unix socket, with one file descriptor when `file` is not -1.
bool send_with_file(int socket, const void* data, std::size_t size, int file) {
    iovec part{const_cast<void*>(data), size};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (file >= 0) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(header), &file, sizeof file);
    }
    return uninterrupted([&] { return ::sendmsg(socket, &message, MSG_NOSIGNAL); }) == static_cast<ssize_t>(size);
}

/// The receiving side. Returns the size of the message, 0 at the end, or -1 and errno (EMFILE: no room for the file).
ssize_t receive_with_file(int socket, void* data, std::size_t size, int& file) {
    iovec part{data, size};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    file = -1;
    const ssize_t got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (got <= 0) return got;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_type == SCM_RIGHTS) std::memcpy(&file, CMSG_DATA(header), sizeof file);
    }
    if ((message.msg_flags & MSG_CTRUNC) != 0) {
        errno = EMFILE;
        return -1;
    }
    return got;
}

}  // namespace

// The process. Forked from a program that may have threads, so it allocates nothing and takes no lock.
struct Guard::Process {
    struct Function {
        int config = -1;
        unsigned step_count = 0;
        std::array<UndoStep, most_steps> steps;
    };
    static std::array<Function, most_functions> functions;

    /// Writes `name` over our copy of the owner's command line, so that `pkill -f` with the owner's name misses us.
    static void rename_command_line(std::string_view name) {
        static std::array<char, 1024> status;
        const int file = ::open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
        const ssize_t got = ::read(file, status.data(), status.size());
        ::close(file);
        if (got <= 0) return;
        // "pid (name) state …": the fields after the name are counted from 3; 48 and 49 say where the arguments lie.
        std::string_view rest(status.data(), static_cast<std::size_t>(got));
        rest.remove_prefix(std::min(rest.rfind(')') + 2, rest.size()));
        std::array<std::uintptr_t, 2> bounds{};
        for (unsigned field = 3; field <= 49 && !rest.empty(); ++field) {
            const std::string_view word = rest.substr(0, rest.find(' '));
            if (field >= 48) std::from_chars(word.data(), word.data() + word.size(), bounds[field - 48]);
            rest.remove_prefix(std::min(word.size() + 1, rest.size()));
        }
        const auto [start, end] = bounds;
        if (start == 0 || end <= start + name.size()) return;
        std::memset(reinterpret_cast<void*>(start), 0, end - start);
        std::memcpy(reinterpret_cast<void*>(start), name.data(), name.size());
    }

    /// Leaves everything of the owner's behind: session, signals, files, name.
    static int become_guard(int socket) {
        ::prctl(PR_SET_NAME, "ixy-guard");
        rename_command_line("ixy-guard");
        constexpr int kept = 3;
        if (socket != kept) ::dup2(socket, kept);
        ::close_range(kept + 1, ~0U, 0);
        const int nothing = ::open("/dev/null", O_RDWR);
        for (int standard = 0; standard < kept; ++standard) {
            if (nothing >= 0) ::dup2(nothing, standard);
            if (nothing < 0) ::close(standard);
        }
        if (nothing > kept) ::close(nothing);
        rlimit files{};
        if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
            files.rlim_cur = files.rlim_max;
            ::setrlimit(RLIMIT_NOFILE, &files);
        }
        [[maybe_unused]] const int moved = ::chdir("/");
        return kept;
    }

    static int add_function(int config) {
        for (unsigned i = 0; i < most_functions; ++i) {
            if (functions[i].config >= 0) continue;
            functions[i].config = config;
            functions[i].step_count = 0;
            return static_cast<int>(i);
        }
        ::close(config);
        return -ENOSPC;
    }

    static int answer(const Message& message, int file) {
        Function& function = functions[message.function % most_functions];
        switch (message.request) {
            case Request::check:
                return ::getpid();
            case Request::keep_memory:
                return file >= 0 ? 0 : -EBADF;  // the descriptor stays open: that is all
            case Request::keep_function:
                return file >= 0 ? add_function(file) : -EBADF;
            case Request::push:
                if (function.step_count == most_steps) return -ENOSPC;
                function.steps[function.step_count++] = message.step;
                return 0;
            case Request::pop:
                if (function.step_count > 0) --function.step_count;
                return 0;
            case Request::release:
                ::close(function.config);
                function.config = -1;
                function.step_count = 0;
                return 0;
            case Request::end:
                ::_exit(0);
        }
        return -EINVAL;
    }

    [[noreturn]] static void run(int inherited_socket) {
        const int socket = become_guard(inherited_socket);
        for (;;) {
            Message message{};
            int file = -1;
            const ssize_t got = receive_with_file(socket, &message, sizeof message, file);
            if (got == 0 || (got < 0 && errno != EMFILE)) break;
            const Answer reply{message.number, got == sizeof message ? answer(message, file) : -errno};
            ::send(socket, &reply, sizeof reply, MSG_NOSIGNAL);
        }
        for (Function& function : functions) {
            while (function.config >= 0 && function.step_count > 0) {
                function.steps[--function.step_count].run(function.config);
            }
        }
        ::_exit(0);  // releases the memory and the locks
    }
};
std::array<Guard::Process::Function, Guard::most_functions> Guard::Process::functions;

Expected<std::unique_ptr<Guard>> Guard::start() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return system_failure("cannot make the guard's socket", errno);
    }
    File ours(ends[0]);
    File theirs(ends[1]);
    const timeval patience{5, 0};
    ::setsockopt(ours.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);

    // All signals stay blocked in the guard: it ends with its owner, and runs none of the owner's handlers.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t child = ::fork();
    if (child == 0) {
        // A grandchild, not the program's child: no SIGCHLD for the program, and nothing for its wait() to find.
        ::setsid();
        const pid_t grandchild = ::fork();
        if (grandchild == 0) Process::run(theirs.get());
        ::_exit(grandchild < 0 ? 1 : 0);
    }
    const int fork_error = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (child < 0) return system_failure("cannot fork the guard process", fork_error);
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    theirs.close();

    std::unique_ptr<Guard> guard(new Guard(std::move(ours), 0));
    const auto pid = guard->ask({.request = Request::check});
    if (!pid) return std::unexpected(pid.error());
    guard->pid_ = static_cast<pid_t>(*pid);
    return guard;
}

Guard::~Guard() {
    const Message message{.request = Request::end};
    if (!send_with_file(socket_.get(), &message, sizeof message, -1)) return;
    Answer late{};
    ssize_t got = 0;
    do {
        got = ::recv(socket_.get(), &late, sizeof late, 0);
    } while (got > 0 || (got < 0 && errno == EINTR));
}

Expected<unsigned> Guard::ask(Message message, int file) {
    const std::lock_guard lock(mutex_);
    message.number = ++asked_;
    Answer answer{};
    ssize_t got = -1;
    if (send_with_file(socket_.get(), &message, sizeof message, file)) {
        do {
            got = ::recv(socket_.get(), &answer, sizeof answer, 0);
        } while (got < 0 ? errno == EINTR : got == sizeof answer && answer.number != message.number);
    }
    if (got != sizeof answer) {
        return failure(ErrorKind::system,
                       "the guard process " + std::to_string(pid_) +
                           " is gone or does not answer: if this program is killed now, nothing will stop its cards",
                       "close all devices and open them again");
    }
    if (answer.result < 0) return system_failure("the guard process cannot take more", -answer.result);
    return static_cast<unsigned>(answer.result);
}

Expected<> Guard::tell(const Message& message, int file) {
    const auto result = ask(message, file);
    if (!result) return std::unexpected(result.error());
    return {};
}

Expected<> Guard::check_alive() { return tell({.request = Request::check}); }

Expected<> Guard::keep_memory(int memory) { return tell({.request = Request::keep_memory}, memory); }

Expected<unsigned> Guard::keep_function(int config) { return ask({.request = Request::keep_function}, config); }

Expected<> Guard::push(unsigned function, const UndoStep& step) {
    return tell({.request = Request::push, .function = function, .step = step});
}

Expected<> Guard::pop(unsigned function) { return tell({.request = Request::pop, .function = function}); }

Expected<> Guard::release(unsigned function) { return tell({.request = Request::release, .function = function}); }

}  // namespace ixy
