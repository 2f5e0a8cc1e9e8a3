# Every failure gives a clear message and the right exit status, and changes nothing.
# lab: --card 82540em:wire=a --card 82545em:wire=a --card virtio --card vmxnet3
# after: capture_begins_as_wire full.pcap a
. /lab/functions.sh
plan 39

state() { for card in $CARDS; do echo "$(driver_of "$card") $(interface_of "$card") $(command_register "$card")"; done; huge_pages_free; }
untouched=$(state)
# says NAME STATUS WORDS -- COMMAND...: ends with that status, prints each of the words, has no effect on any card.
says() {
    says_name=$1 says_status=$2 says_words=
    shift 2
    while [ "$1" != -- ]; do says_words="$says_words $1"; shift; done
    shift
    message=$("$@" 2>&1 >/dev/null)
    same "$says_name: exit status" "$says_status" $?
    for word in $says_words; do
        case $message in *"$word"*) ;; *) not_ok "$says_name: message" "'$word' is missing in: $message"; message=; break ;; esac
    done
    [ -z "$message" ] || ok "$says_name: message"
    same "$says_name: nothing has changed" "$untouched" "$(state)"
}

says "no such device" 1 0000:00:1e.7 "no" -- ixy-pcap 0000:00:1e.7 /tmp/no.pcap
says "not a network card" 2 0000:00:1f.0 "network" card 0601 -- ixy-pcap 0000:00:1f.0 /tmp/no.pcap
says "unsupported: virtio" 1 "$CARD3" 1af4:1000 -- ixy-pktgen --count 1 "$CARD3"
says "unsupported: vmxnet3" 1 "$CARD4" 15ad:07b0 -- ixy-fwd "$CARD4" "$CARD1"
says "malformed address" 2 0000:xyz:00.0 -- ixy-pktgen 0000:xyz:00.0
says "the same device twice" 2 "$CARD1" twice -- ixy-fwd "$CARD1" "$CARD1"
says "bad option" 2 --batch -- ixy-pktgen --batch 0 "$CARD1"
says "unknown option" 2 --nonsense -- ixy-pcap --nonsense "$CARD1" /tmp/no.pcap
says "capture file in a missing folder" 1 /nowhere/no.pcap -- ixy-pcap "$CARD1" /nowhere/no.pcap
says "not root" 1 root -- su nobody -s /bin/sh -c "ixy-pktgen --count 1 $CARD1"

echo 0 >/proc/sys/vm/nr_hugepages
untouched=$(state)
says "no huge pages" 1 "huge" "ixy" hugepages -- ixy-pktgen --count 1 "$CARD1"
echo 64 >/proc/sys/vm/nr_hugepages

# A full disk: what fits is kept and readable, the program says what happened, and the card is returned.
mkdir /small
mount -t tmpfs -o size=256k tmpfs /small
start pcap ixy-pcap --rx-ring 4096 "$CARD2" /small/full.pcap
check "full disk: ixy-pcap has its card" at_work pcap
check "full disk: 10,000 frames arrive" ixy-pktgen --count 10000 --rate 20kpps "$CARD1"
check "full disk: ixy-pcap ends on its own" wait_until 20 ended pcap
wait "$pid_pcap"
same "full disk: exit status" 1 $?
check "full disk: message" grep -q "/small/full.pcap.*No space left" /tmp/pcap.err
same "full disk: the kernel's driver is back" e1000 "$(driver_of "$CARD2")"
cp /small/full.pcap /out/
finish
