# Linux's own driver on one of our software cards, run by a process outside the guest: probe, link, traffic both ways, TCP with
# and without the card's checksums and segmentation, and finally statistics that match what the wire carried.
# The command line gives two cards on wire a: the software card, and one for the peer.
# lab: --with ethtool --with ip
# after: capture_has_datagrams wire-a.pcap 4242 10000
# after: capture_has_datagrams wire-a.pcap 4243 10000
# after: no_frame_is_longer_than a 1514
# after: statistics_are_wire a 52:54:00:00:00:01
# after: no_misuse_reported card1
. /lab/functions.sh
plan 18
count=10000

card=$(interface_of "$CARD1")
link_is() { [ "$(cat "/sys/class/net/$card/carrier" 2>/dev/null)" = "$1" ]; }
no_complaints() { ! dmesg | grep -iE "(e1000|$card|netdev watchdog).*(error|hang|fail|invalid|corrupt|timed out)|irq.*nobody cared"; }

driver=$(driver_of "$CARD1")
check "Linux's driver $driver has the card" test "$driver"
same "its address is the one in the EEPROM" 52:54:00:00:00:01 "$(cat "/sys/class/net/$card/address")"
check "a large ring is accepted" ethtool -G "$card" rx 4096
ip address add 10.0.0.1/24 dev "$card"
ip link set "$card" up
check "the link comes up" wait_until 10 link_is 1
same "at a gigabit, full duplex" "1000 full" "$(cat "/sys/class/net/$card/speed" "/sys/class/net/$card/duplex" | xargs)"
namespace_with "$(interface_of "$CARD2")" 10.0.0.2/24
peer=$namespace

check "ping" wait_until 10 ping -c 1 -W 1 10.0.0.2
check "100 pings" ping -c 100 -i 0.01 -q 10.0.0.2
check "large pings" ping -c 20 -i 0.01 -s 1472 -q 10.0.0.2

# 10,000 numbered datagrams each way, at the same time.
start there inside "$peer" lab_udp receive 4242 $count
start here lab_udp receive 4243 $count
wait_until 10 grep -q ready /tmp/there.out
wait_until 10 grep -q ready /tmp/here.out
start to_there lab_udp send 10.0.0.2 4242 $count
start to_here inside "$peer" lab_udp send 10.0.0.1 4243 $count
wait_until 60 ended to_there && wait_until 60 ended to_here
check "$count datagrams go out, in order" ends there
check "$count datagrams come in, in order" ends here

# TCP, 2 MiB, as received by the peer's socket. The peer's card verifies no checksums; its kernel does.
dd if=/dev/urandom of=/tmp/data bs=64k count=32 2>/dev/null
transfer() {
    start receiver inside "$peer" nc -l -p 5001 -e dd of=/tmp/received bs=64k
    wait_until 10 inside "$peer" sh -c 'netstat -ltn | grep -q :5001'
    nc 10.0.0.2 5001 </tmp/data && ends receiver && cmp /tmp/data /tmp/received
}
segmented() { ethtool -S "$card" | sed -n 's/^ *tx_tcp_seg_good: //p'; }
wrong_sums() { inside "$peer" cat /proc/net/snmp | awk '/^(Tcp|Udp):/ { if (!($1 in at)) { for (i = 2; i <= NF; i++) if ($i == "InCsumErrors") at[$1] = i } else sum += $at[$1] } END { print sum }'; }

before=$(segmented)
check "TCP with segmentation by the card" transfer
check "the card has segmented" test "$(segmented)" -gt "$before"
ethtool -K "$card" tso off
before=$(segmented)
check "TCP with the card's checksums" transfer
same "the card has not segmented" "$before" "$(segmented)"
ethtool -K "$card" tx off
check "TCP without any offload" transfer
same "no checksum was wrong" 0 "$(wrong_sums)"
check "the driver has no complaints" no_complaints
check "nothing has timed out" test "$(ethtool -S "$card" | sed -n 's/^ *tx_timeout_count: //p')" = 0

# Once all traffic has stopped, the card's counts equal what it has sent and received.
sleep 1
ethtool -S "$card" >/out/statistics
finish
