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

forward_all $count "--rx-ring 4096"  # large rings: a card without buffers drops frames
same "no card missed any" "0 0" "$(total fwd rx_missed) $(total pcap rx_missed)"
same "the kernel's driver is back on every card" "$before" "$(drivers)"
finish
