# ixy-pktgen -> ixy-fwd -> ixy-pcap over two wires: 10,000 numbered frames arrive complete, in order, byte for byte.
# The command line gives four cards: one on wire a, two for the forwarder on a and b, one on wire b.
# after: wire_is_numbered a 10000
# after: wires_are_equal a b
# after: capture_is_wire capture.pcap b
. /lab/functions.sh
plan 10
count=10000
drivers() { for card in $CARDS; do driver_of "$card"; done | xargs; }
before=$(drivers)

# Large rings and a moderate rate: a card without buffers drops frames, and a busy machine delays programs.
start pcap ixy-pcap --json --rx-ring 4096 "$CARD4" /out/capture.pcap $count
start fwd ixy-fwd --json --rx-ring 4096 "$CARD2" "$CARD3"
check "ixy-pcap has its card" at_work pcap
check "ixy-fwd has its cards" at_work fwd
start pktgen ixy-pktgen --json --count $count --rate 5kpps "$CARD1"
check "ixy-pktgen ends after its count" ends pktgen
check "ixy-pcap ends after its count" ends pcap
check "ixy-fwd ends after Ctrl-C" ends fwd INT
same "all were sent" $count "$(total pktgen sent)"
same "all were forwarded" $count "$(total fwd forwarded)"
same "all were captured" $count "$(total pcap captured)"
same "no card missed any" "0 0" "$(total fwd rx_missed) $(total pcap rx_missed)"
same "the kernel's driver is back on every card" "$before" "$(drivers)"
finish
