# Linux's own driver on one of our software cards, beyond the registers needed for plain traffic. Its five self-tests; MTU,
# VLANs, promiscuous mode, receive checksums; the driver removed and inserted, also under traffic.
# The command line gives two cards on wire a: the software card, and one for the peer.
# lab: --with ethtool --with ip --modules 8021q
# after: frames_are_tagged a 5
# after: has_frame_of a 8042
# after: no_misuse_reported card1 --self-test
. /lab/functions.sh
plan 34

card=$(interface_of "$CARD1") driver=$(driver_of "$CARD1")
link_is() { [ "$(cat "/sys/class/net/$card/carrier" 2>/dev/null)" = "$1" ]; }
no_complaints() { ! dmesg | grep -iE "(e1000|$card|netdev watchdog).*(error|hang|fail|invalid|corrupt|timed out)|irq.*nobody cared"; }
up() { ip address replace 10.0.0.1/24 dev "$card" && ip link set "$card" up && wait_until 10 link_is 1; }
received() { cat "/sys/class/net/$card/statistics/rx_packets"; }
counter() { ethtool -S "$card" | sed -n "s/^ *$1: //p"; }

# --- the driver's own tests: registers, EEPROM, interrupts, loopback, link ---
check "the link is up" up
ethtool -t "$card" offline >/tmp/self-test 2>&1
same "the self-test's result" "The test result is PASS" "$(grep result /tmp/self-test)"
for test in Register Eeprom Interrupt Loopback Link; do
    same "its $test test" 0 "$(sed -n "s/^$test test.*[[:space:]]\([0-9]*\)$/\1/p" /tmp/self-test)"
done
check "the link comes back" wait_until 10 link_is 1
check "the EEPROM can be read" ethtool -e "$card"
check "the registers can be dumped" ethtool -d "$card"

peer_card=$(interface_of "$CARD2")
namespace_with "$peer_card" 10.0.0.2/24
peer=$namespace
check "ping" wait_until 10 ping -c 1 -W 1 10.0.0.2

# --- MTU ---
inside "$peer" ip link set "$peer_card" mtu 9000
check "an MTU of 9000 is accepted" ip link set "$card" mtu 9000
check "pings of 8000 bytes" wait_until 10 ping -c 3 -W 1 -i 0.1 -s 8000 -q 10.0.0.2
inside "$peer" ip link set "$peer_card" mtu 1500
check "an MTU of 600 is accepted" ip link set "$card" mtu 600
check "large pings in fragments" wait_until 10 ping -c 3 -W 1 -i 0.1 -s 3000 -q 10.0.0.2
ip link set "$card" mtu 1500
check "ping after all" wait_until 10 ping -c 1 -W 1 10.0.0.2

# --- VLANs: one configured on both ends, one only on the peer ---
ip link add link "$card" name tagged type vlan id 5
ip address add 10.0.5.1/24 dev tagged
ip link set tagged up
for id in 5 6; do
    inside "$peer" ip link add link "$peer_card" name "tagged$id" type vlan id $id
    inside "$peer" ip address add 10.0.$id.2/24 dev "tagged$id"
    inside "$peer" ip link set "tagged$id" up
done
check "ping in a VLAN" wait_until 10 ping -c 5 -W 1 -i 0.1 -q 10.0.5.2
check "tags in software" ethtool -K "$card" txvlan off rxvlan off
check "ping with tags in software" wait_until 10 ping -c 5 -W 1 -i 0.1 -q 10.0.5.2
check "tags by the card again" ethtool -K "$card" txvlan on rxvlan on
check "ping with tags by the card" wait_until 10 ping -c 5 -W 1 -i 0.1 -q 10.0.5.2
# Of 50 datagrams to an address: all arrive within seconds, or none but unrelated traffic (ARP).
before_all=0
send_50() { before_all=$(received) && inside "$peer" lab_udp send "$1" 4244 50; }
all_came() { [ "$(received)" -ge $((before_all + 50)) ]; }
none_came() { sleep 0.5 && [ "$(received)" -lt $((before_all + 25)) ]; }
inside "$peer" arp -i tagged6 -s 10.0.6.9 52:54:00:00:00:01
send_50 10.0.6.9
# e1000 enables the card's filter (RCTL.VFE), e1000e leaves it off.
as_filtered() {
    case "$driver $(ethtool -d "$card" | sed -n 's/^ *VLAN filter: *//p')" in
        "e1000 enabled") none_came ;;
        "e1000e disabled") wait_until 5 all_came ;;
        *) return 1 ;;
    esac
}
check "the filter decides on frames of another VLAN" as_filtered

# --- promiscuous mode ---
inside "$peer" arp -s 10.0.0.9 02:00:00:00:00:99
send_50 10.0.0.9
check "frames for others are filtered out" none_came
ip link set "$card" promisc on
send_50 10.0.0.9
check "they arrive in promiscuous mode" wait_until 5 all_came
ip link set "$card" promisc off
send_50 10.0.0.9
check "and no longer after it" none_came

# --- receive checksums ---
checked_50() { before=$(counter rx_csum_offload_good) && send_50 10.0.0.1; }
all_checked() { [ "$(counter rx_csum_offload_good)" -ge $((before + 50)) ]; }
ethtool -K "$card" rx on   # resets the card
check "traffic with checksums verified by the card" wait_until 10 ping -c 3 -W 1 -i 0.1 -q 10.0.0.2
checked_50
check "the card verifies checksums" wait_until 5 all_checked
ethtool -K "$card" rx off
check "traffic without verification" wait_until 10 ping -c 3 -W 1 -i 0.1 -q 10.0.0.2
checked_50
check "everything arrives" wait_until 5 all_came
same "and nothing is verified" "$before" "$(counter rx_csum_offload_good)"

# --- the driver removed and inserted ---
again() { # again TIMES: each time, the card is found, its link comes up, and it works
    for round in $(seq "$1"); do
        rmmod "$driver" && insmod "$(grep "/$driver\.ko$" /lab/modules)" || return 1
        card=$(interface_of "$CARD1")
        up || { echo "round $round: no link"; return 1; }
        wait_until 10 ping -c 1 -W 1 10.0.0.2 || { echo "round $round: no ping"; return 1; }
    done
}
check "removed and inserted 10 times" again 10
start flood inside "$peer" sh -c 'while :; do lab_udp send 10.0.0.1 4247 50; lab_udp send 10.0.0.255 4247 50; sleep 0.1; done'
start answers sh -c 'while :; do lab_udp send 10.0.0.2 4247 50; sleep 0.1; done'
check "removed and inserted 10 times under traffic" again 10
kill "$(pid_of flood)" "$(pid_of answers)"
check "it works after that" wait_until 10 ping -c 5 -W 1 -i 0.1 -q 10.0.0.2
check "the driver has no complaints" no_complaints
finish
