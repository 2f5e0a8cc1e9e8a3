#!/usr/bin/env bash
# Installs what is missing, builds the programs, and runs them: our own driver generates, forwards and captures packets.
# It does not touch this machine's own network cards.
#
#   ./demo.sh                 on software NICs, in three ordinary processes: seconds, without root, huge pages or QEMU
#   ./demo.sh --lab           on network cards that QEMU emulates, in a virtual machine: minutes, most of them only once
#   ./demo.sh --seconds N     sends for N seconds (default: 3; in the lab 10)
#   ./demo.sh --rate RATE     sends at that rate (default: 50kpps; in the lab 10kpps)
#   ./demo.sh --no-install    uses the packages that are installed
#   ./demo.sh --programs DIR  uses the programs in that folder; installs and builds nothing
#
# The exit status is 0 when the capture holds every packet that was sent, once and in order. The capture stays in
# build/demo; in the lab, together with QEMU's recordings of the wires.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
. scripts/stage.sh

where=here seconds= rate= install=yes programs=
while [ $# -gt 0 ]; do
    case $1 in
        --seconds | --rate | --programs) [ -n "${2:-}" ] || { printf 'demo.sh: %s needs a value; see ./demo.sh --help\n' "$1" >&2; exit 2; } ;;&
        --lab) where=lab ;;
        --seconds) seconds=$2; shift ;;
        --rate) rate=$2; shift ;;
        --no-install) install=no ;;
        --programs) programs=$2; shift ;;
        -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) printf 'demo.sh: unknown option %s; see ./demo.sh --help\n' "$1" >&2; exit 2 ;;
    esac
    shift
done
if [ $where = here ]; then : "${seconds:=3}" "${rate:=50kpps}"; else : "${seconds:=10}" "${rate:=10kpps}"; fi
if ! [[ $seconds =~ ^[1-9][0-9]{0,2}$ && $rate =~ ^[0-9.]+[A-Za-z]+$ ]]; then
    printf 'demo.sh: --seconds takes 1 to 999, --rate a rate such as 10kpps or 5Mbit\n' >&2
    exit 2
fi

build_programs() { cmake -B build -DIXY_PROGRAMS=ON && cmake --build build -j "$(nproc)" --target ixy-pktgen ixy-fwd ixy-pcap ixy_command; }
if [ -z "$programs" ]; then
    lists=build
    [ $where = here ] || lists="build lab"
    [ $install = no ] || scripts/install-dependencies $lists || exit 1
    [ -e build/CMakeCache.txt ] || export CMAKE_GENERATOR=Ninja
    use_ccache
    stage programs "build the programs" build_programs || exit 1
    programs=build/bin
fi
for name in pktgen fwd pcap; do
    [ -x "$programs/ixy-$name" ] && continue
    printf 'demo.sh: there is no program %s/ixy-%s; build it, or leave out --programs\n' "$programs" "$name" >&2
    exit 2
done

seen=build/demo
rm -rf $seen
mkdir -p $seen

# --- three processes, each with software NICs of its own; their wires are sockets ---
declare -A process
start() { # start NAME ARGUMENTS...: ixy-NAME in the background
    local name=$1
    shift
    "$programs/ixy-$name" --json "$@" >"$seen/$name.json" 2>"$seen/$name.log" </dev/null &
    process[$name]=$!
}
alive() { kill -0 "${process[$1]}" 2>/dev/null; }
fail() { # fail NAME TEXT: prints what the program said, and exits
    printf '\ndemo.sh: %s\n' "$2" >&2
    sed 's/^/    | /' "$seen/$1.log" >&2
    exit 1
}
at_work() { # at_work NAME: waits until the program has opened its cards, whose link it then prints
    for ((i = 0; i < 300; i++)); do
        grep -qs ', link ' "$seen/$1.log" && return
        alive "$1" || break
        sleep 0.1
    done
    fail "$1" "ixy-$1 did not start"
}
ends() { # ends NAME [SIGNAL]
    [ $# -lt 2 ] || kill -"$2" "${process[$1]}" 2>/dev/null
    wait "${process[$1]}" || fail "$1" "ixy-$1 failed"
    unset "process[$1]"
}
# newest NAME KEY: a figure from the newest line of JSON that the program has printed.
newest() { sed -n "s/.*[{,]\"$2\":\([0-9]*\).*/\1/p" "$seen/$1.json" | tail -n 1 | grep . || echo 0; }
# newer NAME KEY: the same from the next line that it prints, unless the sender ends first.
newer() {
    local lines
    lines=$(wc -l <"$seen/$1.json")
    while [ "$(wc -l <"$seen/$1.json")" -eq "$lines" ] && alive pktgen; do sleep 0.05; done
    newest "$1" "$2"
}
progress() { printf '%3d s   sent %8d   forwarded %8d   captured %8d\n' "$1" "$2" "$3" "$4"; }
run_here() {
    wires=$(mktemp -d "${TMPDIR:-/tmp}/ixy-demo-XXXXXX") || exit 1
    trap 'kill -KILL "${process[@]}" 2>/dev/null; rm -rf "$wires"' EXIT
    trap 'exit 130' INT TERM
    echo
    echo '  ixy-pktgen [82540EM]--wire a--[82540EM] ixy-fwd [82540EM]--wire b--[82540EM] ixy-pcap'
    echo "  Three processes with software NICs, wired by sockets; ixy-pktgen sends at $rate for $seconds seconds."
    # Large rings: a card without buffers drops frames, and on a busy machine a program has to wait for a processor.
    start pcap --rx-ring 4096 "sim:82540em,wire=$wires/b" $seen/capture.pcap
    start fwd --rx-ring 4096 "sim:82540em,wire=$wires/a" "sim:82540em,wire=$wires/b"
    at_work pcap
    at_work fwd
    start pktgen --duration "$seconds" --rate "$rate" "sim:82540em,wire=$wires/a"

    # Each program prints once a second, at its own time. Reading from the end of the chain to its start, the counts
    # never show more frames arriving than were sent.
    local sent forwarded captured wait
    while alive pktgen; do
        captured=$(newest pcap captured)
        forwarded=$(newer fwd forwarded)
        sent=$(newer pktgen sent)
        ! alive pktgen || progress "$(newest pktgen seconds)" "$sent" "$forwarded" "$captured"
    done
    ends pktgen
    sent=$(newest pktgen sent)
    for ((wait = 0; wait < 10 && $(newest pcap captured) < sent; wait++)); do sleep 1; done  # frames still on their way
    ends fwd INT
    ends pcap INT
    progress "$seconds" "$sent" "$(newest fwd forwarded)" "$(newest pcap captured)"
    printf '{"seconds": %d, "sent": %d, "forwarded": %d, "captured": %d}\n' \
        "$seconds" "$sent" "$(newest fwd forwarded)" "$(newest pcap captured)" >$seen/summary.json
}

# --- the same programs in a virtual machine, on four cards of three models that QEMU emulates ---
run_lab() {
    stage kernel "the lab's kernel" lab/lab kernel || exit 1
    echo
    echo '  ixy-pktgen [82540EM]--wire a--[82545EM] ixy-fwd [82544GC]--wire b--[82540EM] ixy-pcap'
    echo "  The virtual machine starts, takes its cards from Linux, and sends at $rate for $seconds seconds."
    if ! lab/lab run --timeout $((seconds + 150)) --programs "$programs" --out $seen lab/demo/forward.sh "$seconds" "$rate"; then
        printf '\ndemo.sh: the run in the lab failed, see above; the guest'"'"'s console: %s/console\n' $seen >&2
        exit 1
    fi
}
run_$where

# The check does not use our own programs. Each packet has 60 bytes and ends in its sequence number: after the file's
# header of 24 bytes, each record is 19 words, of which the third is the length and the last is the number.
numbered_from_zero() { # numbered_from_zero COUNT: the capture holds the numbers 0 to COUNT - 1, in this order
    tail -c +25 $seen/capture.pcap | od -An -v -w76 -t u4 |
        awk -v count="$1" 'NF != 19 || $3 != 60 || $19 != NR - 1 { wrong = 1; exit } END { exit wrong || NR != count }'
}
figure() { sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p" $seen/summary.json; }
sent=$(figure sent) forwarded=$(figure forwarded) captured=$(figure captured)
in_file=$((($(stat -c %s $seen/capture.pcap) - 24) / 76))
echo
if command -v tcpdump >/dev/null; then
    echo "  The capture $seen/capture.pcap begins like this, as tcpdump reads it:"
    tcpdump -nn -c 3 -r - <$seen/capture.pcap 2>/dev/null | sed 's/^/    /'
    in_file=$(tcpdump -nn -r - 'udp and dst host 10.0.0.2 and dst port 1337' <$seen/capture.pcap 2>/dev/null | wc -l)
else
    echo "  The capture is $seen/capture.pcap, for tcpdump, tshark or Wireshark."
fi
echo
printf '  sent %d   forwarded %d   captured %d (in the file: %d)   lost %d\n' \
    "$sent" "$forwarded" "$captured" "$in_file" $((sent - in_file))
if [ "$sent" -eq 0 ] || [ "$in_file" -ne "$sent" ] || [ "$captured" -ne "$sent" ]; then
    echo "  The capture is not complete. A machine this busy may need a lower rate: ./demo.sh --rate 2kpps"
    exit 1
elif ! numbered_from_zero "$sent"; then
    echo "  The capture is complete, but its packets are not in the order they were sent in."
    exit 1
fi
printf '  Every packet that was sent is in the capture, once and in order. Total time: %d s.\n' "$SECONDS"
