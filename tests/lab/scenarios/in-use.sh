# A card used by the kernel is refused, naming interface and reason, and left unchanged; --force takes it; a lock is never overridden.
# lab: --card 82540em:wire=a --card 82545em:wire=b --card 82540em:wire=c --card 82545em:wire=d --card 82544gc:wire=e
# lab: --modules bridge,bonding,8021q,af_packet
. /lab/functions.sh
plan 39

all_about() { # what a refusal must not change: driver, interface with its addresses and master, routes, command register
    driver_of "$1"
    ip address show dev "$(interface_of "$1")" 2>&1 | sed 's/ qlen.*//'
    ip route
    command_register "$1"
}
# refused WHAT CARD WORDS...: status 1; each word is in the message; nothing has changed.
refused() {
    refused_what=$1 refused_card=$2
    shift 2
    before=$(all_about "$refused_card")
    message=$(ixy-pcap --duration 1 "$refused_card" /tmp/refused.pcap 2>&1)
    same "$refused_what: refused" 1 $?
    for word in "$@"; do case $message in *"$word"*) ;; *) message="'$word' is missing in: $message"; break ;; esac; done
    case $message in *"is missing in"*) not_ok "$refused_what: the message says why" "$message" ;; *) ok "$refused_what: the message says why" ;; esac
    same "$refused_what: nothing has changed" "$before" "$(all_about "$refused_card")"
}

# Its state follows the carrier a moment later.
has_link() { [ "$(cat "/sys/class/net/$1/carrier")" = 1 ] && [ "$(cat "/sys/class/net/$1/operstate")" = up ]; }

first=$(interface_of "$CARD1") second=$(interface_of "$CARD2") third=$(interface_of "$CARD3") fourth=$(interface_of "$CARD4")
ip link set "$first" up
ip address add 10.1.0.1/24 dev "$first"
wait_until 10 has_link "$first"
refused "an address" "$CARD1" "$first" 10.1.0.1 "$CARD1" "ip link set $first down"

ip link set "$second" up
wait_until 10 has_link "$second"
ip route add 10.2.0.0/16 dev "$second"
refused "a route" "$CARD2" "$second" "route to" 10.2.0.0

brctl addbr bridge0
brctl addif bridge0 "$third"
refused "a port of a bridge" "$CARD3" "$third" bridge bridge0 nomaster

echo +bond7 >/sys/class/net/bonding_masters
echo "+$fourth" >/sys/class/net/bond7/bonding/slaves
refused "a port of a bond" "$CARD4" "$fourth" bond bond7

hidden=$(interface_of "$CARD5")
namespace_with "$hidden" 10.5.0.1/24
message=$(ixy-pcap --duration 1 "$CARD5" /tmp/refused.pcap 2>&1)
same "in another namespace: refused" 1 $?
check "in another namespace: still there" inside "$namespace" ip link show dev "$hidden"
same "in another namespace: the driver is the kernel's" e1000 "$(driver_of "$CARD5")"

# In a new namespace but with the old sysfs: the interface of CARD1 is visible, but none of its addresses are.
message=$(unshare -n ixy-pcap --duration 1 "$CARD1" /tmp/refused.pcap 2>&1)
same "seen through another namespace's sysfs: refused" 1 $?
case $message in *"network namespace"*) ok "and the reason is given" ;; *) not_ok "and the reason is given" "$message" ;; esac
same "and listed as in use" 5 "$(unshare -n ixy list | grep -c 'in use$')"

ip link set "$second" down
ip link set "$second" up
wait_until 10 has_link "$second"
start reader udhcpc -f -i "$second" -s /bin/true
wait_until 5 grep -q . /proc/net/packet
refused "a packet socket" "$CARD2" "$second" udhcpc
kill "$(pid_of reader)"

start forced ixy-pcap --force "$CARD1" /tmp/forced.pcap
check "--force takes a card with an address" at_work forced
same "the kernel has lost its interface" "" "$(interface_of "$CARD1")"
for force in "" --force; do
    message=$(ixy-pcap $force --duration 1 "$CARD1" /tmp/refused.pcap 2>&1)
    same "a second ixy is refused ${force:-without --force}" 1 $?
    case $message in *"taken by another ixy"*) ok "and the message says so" ;; *) not_ok "and the message says so" "$message" ;; esac
done
elsewhere="unshare -p -f --mount-proc"   # as in a container: no process outside it is visible
check "from a container that program's lock is visible, but not the program" \
    sh -c "$elsewhere ixy list | grep '$CARD1 is taken by another ixy: a process that cannot be seen'"
check "the first one is not disturbed" alive forced
check "and ends cleanly" ends forced INT
same "the kernel's driver is back" e1000 "$(driver_of "$CARD1")"
check "an interface that is merely up can be taken" sh -c "ip link set $(interface_of "$CARD1") up && ixy-pcap --duration 1 $CARD1 /tmp/up.pcap"

# A program killed together with its guard leaves the card as it is: without a driver, and able to reach memory.
start killed ixy-pcap "$CARD1" /tmp/killed.pcap
check "a program has the card" at_work killed
kill -KILL $(pidof ixy-guard) "$pid_killed"
wait_until 10 ended killed
check "bus mastering is left on" bus_master_on "$CARD1"
same "where every process is visible, the card is free" 1 "$(ixy list | grep "^$CARD1" | grep -c 'free$')"
same "where they are not, it may be in use" 1 "$($elsewhere ixy list | grep -c "^$CARD1 may be in use: its bus mastering is on")"
$elsewhere ixy restore "$CARD1" 2>/dev/null
same "and a container does not restore it" 1 $?
check "ixy restore returns it" ixy restore "$CARD1"
same "to the kernel's driver" e1000 "$(driver_of "$CARD1")"
finish
