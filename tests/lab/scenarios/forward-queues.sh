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

# The card hashes a UDP packet's addresses only: 2,048 flows have two source addresses.
forward_all $count "--queues 2 --rx-ring 2048" "--flows 2048"
check "both queues of ixy-fwd received" busy $(queues fwd)
check "both queues of ixy-pcap received" busy $(queues pcap)
same "the kernel's driver is back on every card" "$before" "$(drivers)"
finish
