# Linux's own stack at the other end of a wire: a socket there receives our frames, and we capture what it sends.
# lab: --card 82540em:wire=a --card 82545em:wire=a
# after: wire_is_numbered a 1000 --ours-only
# after: capture_has_datagrams linux.pcap 4242 500
. /lab/functions.sh
plan 7

peer_mac=$(cat "/sys/bus/pci/devices/$CARD1/net/$(interface_of "$CARD1")/address")
namespace_with "$(interface_of "$CARD1")" 10.0.0.2/24
peer=$namespace
# Linux joins multicast groups for seconds after an interface comes up. Each time it writes RCTL, after which QEMU's card is
# deaf for a second; the frames that came meanwhile are then offered all at once and do not fit into Linux's ring.
sleep 4

start socket inside "$peer" lab_udp receive 1337 1000
check "a kernel socket is ready" wait_until 10 grep -q ready /tmp/socket.out
start pktgen ixy-pktgen --json --count 1000 --rate 1kpps --dst-mac "$peer_mac" "$CARD2"
check "ixy-pktgen ends after its count" ends pktgen
check "the socket has received every frame's payload, in order" ends socket

# Nobody answers ARP on our side, so the address is written into the kernel's table.
inside "$peer" arp -s 10.0.0.9 02:00:00:00:00:09
start pcap ixy-pcap "$CARD2" /out/linux.pcap 500
check "ixy-pcap has its card" at_work pcap
check "the kernel sends 500 datagrams" inside "$peer" lab_udp send 10.0.0.9 4242 500
check "ixy-pcap ends after its count" ends pcap
same "the kernel's driver is back" e1000 "$(driver_of "$CARD2")"
finish
