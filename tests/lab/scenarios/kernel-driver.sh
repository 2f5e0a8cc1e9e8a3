# The lab itself, without our programs: Linux's own driver on both ends of a wire, and a third card that receives their frames.
# lab: --card 82540em:wire=a --card 82545em:wire=a --card 82544gc:wire=a --card 82540em:wire=b
. /lab/functions.sh
plan 8

same "runs as root" 0 "$(id -u)"
same "has the requested huge pages" 64 "$(huge_pages_free)"
same "the kernel's driver has every card" "e1000 e1000 e1000 e1000" "$(for card in $CARDS; do driver_of $card; done | xargs)"
same "cards are where their names say" "0x100e 0x100f 0x100c 0x100e" "$(for card in $CARDS; do cat /sys/bus/pci/devices/$card/device; done | xargs)"

left=$(interface_of $CARD1) right=$(interface_of $CARD2) third=$(interface_of $CARD3)
ip link set "$third" promisc on up
namespace_with "$left" 10.0.0.1/24
near=$namespace
namespace_with "$right" 10.0.0.2/24
check "ping over the wire" wait_until 10 inside $near ping -c 1 -W 1 10.0.0.2
check "50 large pings over the wire" inside $near ping -c 50 -i 0.01 -s 1400 -q 10.0.0.2
heard=$(cat /sys/class/net/$third/statistics/rx_packets)
check "the third card on the wire heard all of them" test "$heard" -ge 100
check "bus mastering can be read" bus_master_on $CARD3
echo 'handed out' >/out/note
finish
