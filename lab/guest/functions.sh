# For scripts in the guest: `. /lab/functions.sh`. Inspects cards, and reports checks in the Test Anything Protocol.

# --- checks: a script says `plan N` first, then reports N results; `finish` is its exit status ---
checks_done=0
checks_failed=0
plan() { checks_planned=$1; echo "1..$1"; }
ok() { checks_done=$((checks_done + 1)); echo "ok $checks_done - $1"; }
not_ok() { checks_done=$((checks_done + 1)) checks_failed=$((checks_failed + 1)); echo "not ok $checks_done - $1"; echo "# $2"; }
finish() { [ "$checks_failed" = 0 ] && [ "$checks_done" = "$checks_planned" ]; exit; }

# check NAME COMMAND...: the command succeeds. It runs in this shell, so it may wait for programs that `start` started.
check() {
    check_name=$1
    shift
    if "$@" >/tmp/check.said 2>&1; then
        ok "$check_name"
    else
        not_ok "$check_name" "status $? from: $* $(one_line "$(cat /tmp/check.said)")"
    fi
}

# same NAME WANTED GOT
same() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "wanted '$2', got '$(one_line "$3")'"; fi; }

one_line() { echo "$1" | tail -n 12 | tr '\n' '|'; }

# wait_until SECONDS COMMAND...: retries every tenth of a second.
wait_until() {
    tries=$(($1 * 10))
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.1
    done
}

# --- cards, named by PCI address ---
driver_of() { basename "$(readlink "/sys/bus/pci/devices/$1/driver")"; }
interface_of() { ls -d "/sys/bus/pci/devices/$1/net"/* "/sys/bus/pci/devices/$1"/virtio*/net/* 2>/dev/null | sed 's,.*/,,'; }
# The command register's bit 2: may the card read and write memory by itself?
bus_master_on() { [ $(($(command_register "$1") & 4)) != 0 ]; }
bus_master_off() { ! bus_master_on "$1"; }
command_register() { dd if="/sys/bus/pci/devices/$1/config" bs=1 skip=4 count=2 2>/dev/null | od -An -tu2 | tr -d ' '; }
huge_pages_free() { sed -n 's/^HugePages_Free: *//p' /proc/meminfo; }

# --- network namespaces, named by the process that holds them open ---
# namespace_with INTERFACE ADDRESS/LENGTH: makes a namespace with that interface, up; sets $namespace.
namespace_with() {
    unshare -n sleep 1000000 &
    namespace=$!
    wait_until 5 has_own_namespace "$namespace"
    ip link set "$1" netns "$namespace"
    inside "$namespace" ip link set lo up
    inside "$namespace" ip address add "$2" dev "$1"
    inside "$namespace" ip link set "$1" up
}
has_own_namespace() { [ "$(readlink /proc/self/ns/net)" != "$(readlink "/proc/$1/ns/net")" ]; }
inside() { inside_process=$1; shift; nsenter -t "$inside_process" -n "$@"; }

# --- programs in the background, each with a name; their output goes to /tmp/NAME.out and /tmp/NAME.err ---
# start NAME COMMAND...
start() {
    start_name=$1
    shift
    rm -f "/tmp/$start_name.out" "/tmp/$start_name.err"   # an earlier program's output must not pass for this one's
    "$@" >"/tmp/$start_name.out" 2>"/tmp/$start_name.err" &
    eval "pid_$start_name=$!"
}
pid_of() { eval "echo \$pid_$1"; }
alive() { [ -d "/proc/$(pid_of "$1")" ] && ! grep -q '^State:.*Z' "/proc/$(pid_of "$1")/status"; }
ended() { ! alive "$1"; }
# at_work NAME: one of our programs has its cards and prints statistics; otherwise shows what it said.
at_work() { wait_until 20 grep -q pps "/tmp/$1.err" || { cat "/tmp/$1.err"; return 1; }; }
# ends NAME [SIGNAL]: the program ends within 20 seconds, after SIGNAL if one is given, with status 0.
ends() {
    [ -z "$2" ] || kill -"$2" "$(pid_of "$1")"
    wait_until 20 ended "$1" || { echo "still running"; return 1; }
    wait "$(pid_of "$1")" || { ends_status=$?; cat "/tmp/$1.err"; return $ends_status; }
}
# total NAME KEY: a figure from the summary that a program with --json printed.
total() { grep '"summary":true' "/tmp/$1.out" | sed -n "s/.*[{,]\"$2\":\([0-9]*\).*/\1/p"; }

# forward_all COUNT OPTIONS PKTGEN_OPTIONS: COUNT frames go from ixy-pktgen on $CARD1 through ixy-fwd on $CARD2 and $CARD3
# to ixy-pcap on $CARD4, which writes /out/capture.pcap; all three have OPTIONS. Makes eight checks. The rate is
# moderate, since a busy machine delays programs.
forward_all() {
    start pcap ixy-pcap --json $2 "$CARD4" /out/capture.pcap "$1"
    start fwd ixy-fwd --json $2 "$CARD2" "$CARD3"
    check "ixy-pcap has its card" at_work pcap
    check "ixy-fwd has its cards" at_work fwd
    start pktgen ixy-pktgen --json $2 --count "$1" --rate 5kpps $3 "$CARD1"
    check "ixy-pktgen ends after its count" ends pktgen
    check "ixy-pcap ends after its count" ends pcap
    check "ixy-fwd ends after Ctrl-C" ends fwd INT
    same "all were sent" "$1" "$(total pktgen sent)"
    same "all were forwarded" "$1" "$(total fwd forwarded)"
    same "all were captured" "$1" "$(total pcap captured)"
}
