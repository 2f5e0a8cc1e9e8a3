# The demonstration: ixy-pktgen -> ixy-fwd -> ixy-pcap on four emulated cards, three models of the 82540EM's family.
#
#   card 1, 82540EM  --wire a--  card 2, 82545EM ] ixy-fwd [ card 3, 82544GC  --wire b--  card 4, 82540EM
#   ixy-pktgen                                                                            ixy-pcap
#
# Four cards, since a card belongs to one program and the forwarder needs two. Arguments: SECONDS (10) and RATE
# (10kpps). Leaves capture.pcap, and summary.json with the numbers sent, forwarded, captured and lost.
# lab: --card 82540em:wire=a --card 82545em:wire=a --card 82544gc:wire=b --card 82540em:wire=b
. /lab/functions.sh
seconds=${1:-10} rate=${2:-10kpps}

fail() { echo "demo: $1" >&2; cat "/tmp/$2.err" >&2; exit 1; }
# newest NAME KEY: a figure from the newest line of JSON that the program has printed.
newest() { sed -n "s/.*[{,]\"$2\":\([0-9]*\).*/\1/p" "/tmp/$1.out" | tail -n 1 | grep . || echo 0; }

# Large rings: a card without buffers drops frames, and under software emulation a program may have to wait for a
# processor.
start pcap ixy-pcap --json --rx-ring 4096 "$CARD4" /out/capture.pcap
start fwd ixy-fwd --json --rx-ring 4096 "$CARD2" "$CARD3"
at_work pcap >/dev/null || fail "ixy-pcap did not start" pcap
at_work fwd >/dev/null || fail "ixy-fwd did not start" fwd
start pktgen ixy-pktgen --json --duration "$seconds" --rate "$rate" "$CARD1"

# newer NAME KEY: the same from the next line that it prints, unless the sender ends first.
newer() {
    lines=$(wc -l <"/tmp/$1.out")
    while [ "$(wc -l <"/tmp/$1.out")" = "$lines" ] && alive pktgen; do sleep 0.1; done
    newest "$1" "$2"
}

# Each program prints once a second, at its own time. Reading from the end of the chain to its start, the counts never
# show more frames arriving than were sent.
while alive pktgen; do
    captured=$(newest pcap captured)
    forwarded=$(newer fwd forwarded)
    sent=$(newer pktgen sent)
    printf '%3d s   sent %8d   forwarded %8d   captured %8d\n' "$(newest pktgen seconds)" "$sent" "$forwarded" "$captured"
done
ends pktgen >/dev/null || fail "ixy-pktgen failed" pktgen
sleep 1   # frames still on their way
ends fwd INT >/dev/null || fail "ixy-fwd failed" fwd
ends pcap INT >/dev/null || fail "ixy-pcap failed" pcap

sent=$(total pktgen sent) forwarded=$(total fwd forwarded) captured=$(total pcap captured)
printf '{"seconds": %d, "sent": %d, "forwarded": %d, "captured": %d, "lost": %d}\n' \
    "$seconds" "$sent" "$forwarded" "$captured" $((sent - captured)) >/out/summary.json
for name in pktgen fwd pcap; do grep -A 9 'in all:' "/tmp/$name.err"; done
