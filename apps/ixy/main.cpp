// The `ixy` command: shows cards, gives them to drivers, prepares a machine, reads registers.
#include <cstdio>
#include <optional>
#include <system_error>

#include <CLI/CLI.hpp>

#include "../common/command_line.hpp"
#include "../common/plain_words.hpp"
#include "../common/process.hpp"
#include "commands.hpp"

namespace {

using namespace ixy;
using namespace ixy::app;

/// The arguments of all subcommands, and the subcommand that was given.
struct CommandLine {
    KernelTree tree;
    bool json = false;
    bool with_limits = false;
    bool force = false;
    std::string device;
    std::string driver;
    std::size_t huge_pages = 0;
    HugePage size = HugePage::two_mib;
    int node = any_node;
    RegisterOptions registers;
    RssQuestion rss_question;
    std::string software_card;
    std::string socket;
    ExplainOptions explain;
    CLI::App *list = nullptr, *bind = nullptr, *unbind = nullptr, *restore = nullptr, *hugepages = nullptr,
             *doctor = nullptr, *regs = nullptr, *rings = nullptr, *rss = nullptr, *sim = nullptr;
};

CLI::App* add_card_command(CLI::App& app, CommandLine& line, const char* name, const char* what) {
    CLI::App* const command = app.add_subcommand(name, what);
    command->add_option("DEVICE", line.device, "the card's address, as in 0000:03:00.0")->required();
    return command;
}

Expected<HugePage> parse_huge_page(std::string_view text) {
    if (text == "2M" || text == "2m") return HugePage::two_mib;
    if (text == "1G" || text == "1g") return HugePage::one_gib;
    return failure(ErrorKind::invalid_argument, "\"" + std::string(text) + "\" is not the size of a huge page",
                   "write 2M or 1G");
}

/// The commands that prepare a machine.
void describe_preparations(CLI::App& app, CommandLine& line) {
    line.list = app.add_subcommand("list", "Show the network cards, their drivers, and which are in use");
    add_switch(*line.list, "--json", line.json, "as JSON on standard output, one object per line");
    add_switch(*line.list, "--long", line.with_limits,
               "also what each card can do: queues, rings, frames, offloads, interrupts");

    line.bind = add_card_command(app, line, "bind", "Bind a card to a kernel driver, for example e1000");
    line.bind->add_option("DRIVER", line.driver, "the kernel driver's name")->required();
    line.unbind = add_card_command(app, line, "unbind", "Take a card from its kernel driver");
    line.restore = add_card_command(app, line, "restore", "Give a card back to the kernel's own driver");
    for (CLI::App* const command : {line.bind, line.unbind, line.restore}) {
        add_switch(*command, "--force", line.force, "even if the card is in use, or may be");
    }

    line.hugepages = app.add_subcommand("hugepages", "Reserve huge pages for DMA memory");
    add_number(*line.hugepages, "N", line.huge_pages, {0, 1 << 20}, "how many in all")->required();
    add_parsed_option(*line.hugepages, "--size", line.size, parse_huge_page, "2M (default) or 1G")->type_name("SIZE");
    add_number(*line.hugepages, "--node", line.node, {0, 1023}, "on this NUMA node only");

    line.doctor = app.add_subcommand("doctor", "Show what is missing on this machine, and the command that fixes it");
    add_switch(*line.doctor, "--json", line.json, "as JSON on standard output, one object per line");
}

/// The commands that look into a card, or serve one.
void describe_views(CLI::App& app, CommandLine& line) {
    line.regs = app.add_subcommand("regs", "Print a card's registers by name and field, while it runs");
    line.regs->add_option("DEVICE", line.registers.device, "the card's address, as in 0000:03:00.0")->required();
    line.regs->add_option("REGISTER", line.registers.names, "only these registers");
    add_switch(*line.regs, "--all", line.registers.all,
               "also registers that a read changes (clear on read), and zeros in arrays");
    line.rings = add_card_command(app, line, "rings", "Draw a card's rings, and who owns what in them, while it runs");

    line.rss = app.add_subcommand("rss", "Show to which receive queue a card sends a flow, and why");
    line.rss->add_option("SOURCE", line.rss_question.source, "address and port, as in 10.0.0.1:1234 or [fd00::1]:1234")
        ->required();
    line.rss->add_option("DESTINATION", line.rss_question.destination, "likewise")->required();
    line.rss->add_option("--protocol", line.rss_question.protocol, "tcp (default) or udp")
        ->check(CLI::IsMember({"tcp", "udp"}))
        ->type_name("NAME");
    add_number(*line.rss, "--queues", line.rss_question.queues, {1, 128}, "receive queues in use");
    add_switch(*line.rss, "--symmetric", line.rss_question.symmetric,
               "with the key that sends both directions of a flow to one queue");
    line.rss->add_option("--card", line.rss_question.card, "the card's model, as ixy list shows it")
        ->type_name("MODEL");

    line.sim = app.add_subcommand("sim", "Serve a software card that QEMU plugs into its guest (vfio-user)");
    line.sim
        ->add_option("CARD", line.software_card,
                     "the part after sim: in an address, for example 82540em,wire=/tmp/cable")
        ->required();
    line.sim->add_option("--listen", line.socket, "the Unix socket to listen on")->required()->type_name("PATH");
    add_explain_options(*line.sim, line.explain);
}

void describe(CLI::App& app, CommandLine& line) {
    app.set_version_flag("--version", "ixy " IXY_VERSION);
    app.require_subcommand(1);
    // For tests: a folder with sys/ and proc/ like this machine's.
    app.add_option_function<std::string>(
           "--kernel-tree",
           [&line](const std::string& root) { line.tree = {.sys = root + "/sys", .proc = root + "/proc"}; })
        ->group("");
    describe_preparations(app, line);
    describe_views(app, line);
}

int run(const CommandLine& line) {
    const auto status = [](const Expected<>& result) { return exit_status("ixy", result); };
    if (*line.bind) return status(bind(line.tree, line.device, line.driver, line.force));
    if (*line.unbind) return status(unbind(line.tree, line.device, line.force));
    if (*line.restore) return status(restore(line.tree, line.device, line.force));
    if (*line.hugepages) return status(set_huge_pages(line.tree, line.huge_pages, line.size, line.node));
    if (*line.regs) return status(print_registers(line.tree, line.registers));
    if (*line.rss) return status(explain_rss(line.rss_question));
    if (*line.rings) return status(print_rings(line.tree, line.device));
    request_explanations(line.explain);
    if (*line.sim) return status(serve_card(line.software_card, line.socket));
    if (*line.doctor) return doctor(line.tree, line.json) ? exit_ok : exit_failed;
    return status(list(line.tree, line.json, line.with_limits));
}

/// `status`, unless part of the output could not be written.
int finish(int status) {
    if (status != exit_ok || (std::fflush(stdout) == 0 && std::ferror(stdout) == 0)) return status;
    say("ixy: standard output: not everything could be written");
    return exit_failed;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Userspace network drivers: shows cards, gives them to drivers, prepares a machine, reads registers.",
                 "ixy");
    CommandLine line;
    describe(app, line);
    if (const auto status = parse(app, argc, argv)) return finish(*status);
    try {
        return finish(run(line));
    } catch (const std::system_error& failed) {  // fmt::print
        say(std::string("ixy: standard output: ") + failed.what());
        return exit_failed;
    }
}
