#!/usr/bin/env bash
# Installs what is missing, builds the programs, and lets them work: packets are generated, forwarded and captured by
# our own driver on network cards that QEMU emulates. Nothing of this touches this machine's own cards.
#
#   ./demo.sh                 under 5 minutes on two cores, most of them only the first time
#   ./demo.sh --seconds N     sends for so long (default: 10)
#   ./demo.sh --rate RATE     at that rate (default: 10kpps)
#   ./demo.sh --no-install    takes the packages that are there
#
# The exit status is 0 when the capture holds every packet that was sent, once and in order. It stays in build/demo, beside
# what QEMU recorded of the wires.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
. scripts/stage.sh

seconds=10 rate=10kpps install=yes
while [ $# -gt 0 ]; do
    case $1 in
        --seconds) seconds=${2:-}; shift ;;
        --rate) rate=${2:-}; shift ;;
        --no-install) install=no ;;
        -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) printf 'demo.sh: unknown option %s; see ./demo.sh --help\n' "$1" >&2; exit 2 ;;
    esac
    shift
done
if ! [[ $seconds =~ ^[1-9][0-9]{0,2}$ && $rate =~ ^[0-9.]+[A-Za-z]+$ ]]; then
    printf 'demo.sh: --seconds takes 1 to 999, --rate a rate as in 10kpps or 5Mbit\n' >&2
    exit 2
fi

[ $install = no ] || scripts/install-dependencies build lab || exit 1
[ -e build/CMakeCache.txt ] || export CMAKE_GENERATOR=Ninja
if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
build_programs() { cmake -B build -DIXY_PROGRAMS=ON && cmake --build build -j "$(nproc)" --target ixy-pktgen ixy-fwd ixy-pcap; }
stage programs "build the programs" build_programs || exit 1
stage kernel "the lab's kernel" lab/lab kernel || exit 1

seen=build/demo
rm -rf $seen
echo
echo '  ixy-pktgen [82540EM]--wire a--[82545EM] ixy-fwd [82544GC]--wire b--[82540EM] ixy-pcap'
echo "  The virtual machine starts, takes its cards from Linux, and sends at $rate for $seconds seconds."
if ! lab/lab run --timeout $((seconds + 150)) --programs build/bin --out $seen lab/demo/forward.sh "$seconds" "$rate"; then
    printf '\ndemo.sh: the run in the lab failed, as said above; the guest'"'"'s console: %s/console\n' $seen >&2
    exit 1
fi

# The check, outside of the virtual machine and not with our own programs: tcpdump reads the capture.
figure() { sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p" $seen/summary.json; }
count_packets() { tcpdump -nn -r - "$@" <$seen/capture.pcap 2>/dev/null | wc -l; }
numbered_from_zero() { # numbered_from_zero COUNT: the capture's sequence numbers are 0 to COUNT - 1
    PYTHONPATH=lab python3 -B - "$seen/capture.pcap" "$1" <<'PYTHON'
import pathlib, pcap, sys
numbers = [pcap.sequence_number(frame) for frame in pcap.frames(pathlib.Path(sys.argv[1]))]
sys.exit(numbers != list(range(int(sys.argv[2]))))
PYTHON
}
sent=$(figure sent) forwarded=$(figure forwarded) captured=$(figure captured)
in_file=$(count_packets)
of_ours=$(count_packets 'udp and dst host 10.0.0.2 and dst port 1337')
echo
echo "  The capture $seen/capture.pcap begins, as tcpdump reads it:"
tcpdump -nn -c 3 -r - <$seen/capture.pcap 2>/dev/null | sed 's/^/    /'
echo
printf '  sent %d   forwarded %d   captured %d (tcpdump: %d)   lost %d\n' \
    "$sent" "$forwarded" "$captured" "$of_ours" $((sent - of_ours))
if [ "$sent" -eq 0 ] || [ "$of_ours" -ne "$sent" ] || [ "$in_file" -ne "$captured" ]; then
    echo "  The capture is not complete. A machine this busy may need a lower rate: ./demo.sh --rate 2kpps"
    exit 1
elif ! numbered_from_zero "$sent"; then
    echo "  The capture is complete, but its packets are not in the order in which they were sent."
    exit 1
fi
printf '  Every packet that was sent is in the capture, once and in order. In all %d s.\n' "$SECONDS"
