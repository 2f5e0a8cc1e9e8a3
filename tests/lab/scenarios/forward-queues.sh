# ixy-pktgen -> ixy-fwd -> ixy-pcap, each with two queues and a thread for each, on cards that spread flows over them.
# lab: --card 82574l:wire=a --card 82574l:wire=a --card 82574l:wire=b --card 82574l:wire=b
. /lab/functions.sh
plan 11
count=6000
drivers() { for card in $CARDS; do driver_of "$card"; done | xargs; }
before=$(drivers)
# queues NAME: how many packets each receive queue of the program's first card got
queues() { grep '"summary":true' "/tmp/$1.out" | sed 's/"queues"/\n&/' | sed -n '2s/[^{]*{"rx_packets":\([0-9]*\),[^{]*{"rx_packets":\([0-9]*\).*/\1 \2/p'; }
busy() { [ "${1:-0}" -gt 0 ] && [ "${2:-0}" -gt 0 ] && [ $(($1 + $2)) -eq $count ]; }

start pcap ixy-pcap --queues 2 --json --rx-ring 2048 "$CARD4" /out/capture.pcap $count
start fwd ixy-fwd --queues 2 --json --rx-ring 2048 "$CARD2" "$CARD3"
check "ixy-pcap has its card" at_work pcap
check "ixy-fwd has its cards" at_work fwd
# The card hashes a UDP packet's addresses only: 2,048 flows have two source addresses.
start pktgen ixy-pktgen --queues 2 --json --count $count --flows 2048 --rate 5kpps "$CARD1"
check "ixy-pktgen ends after its count" ends pktgen
check "ixy-pcap ends after its count" ends pcap
check "ixy-fwd ends after Ctrl-C" ends fwd INT
same "all were sent" $count "$(total pktgen sent)"
same "all were forwarded" $count "$(total fwd forwarded)"
same "all were captured" $count "$(total pcap captured)"
check "both queues of ixy-fwd received" busy $(queues fwd)
check "both queues of ixy-pcap received" busy $(queues pcap)
same "the kernel's driver is back on every card" "$before" "$(drivers)"
finish
