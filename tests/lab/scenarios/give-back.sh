# However a program ends, the card falls silent and returns to the kernel's driver.
# lab: --card 82540em:wire=a --card 82545em:wire=a
. /lab/functions.sh
plan 63

program() {
    case $1 in
        pktgen) exec ixy-pktgen --rate 1kpps "$CARD1" ;;
        pcap) exec ixy-pcap "$CARD1" /tmp/capture.pcap ;;
        fwd) exec ixy-fwd "$CARD1" "$CARD2" ;;
    esac
}
driver_is() { [ "$(driver_of "$1")" = "$2" ]; }
has_interface() { [ -n "$(interface_of "$1")" ]; }
all_pages_free() { [ "$(huge_pages_free)" = 64 ]; }
killed() { kill -KILL "$(pid_of "$1")" && wait_until 20 ended "$1"; }

# With the kernel's driver loaded: it gets the card back.
for name in pktgen pcap fwd; do
    for signal in INT TERM KILL; do
        start $name program $name
        check "$name: has its card" at_work $name
        if [ $signal = KILL ]; then
            check "$name: is killed" killed $name
        else
            check "$name: ends with status 0 after SIG$signal" ends $name $signal
        fi
        check "$name: after SIG$signal the kernel's driver is back" wait_until 10 driver_is "$CARD1" e1000
        check "$name: after SIG$signal the interface is back" wait_until 10 has_interface "$CARD1"
        check "$name: after SIG$signal the huge pages are free" wait_until 10 all_pages_free
    done
done
check "pktgen: ends after its count" ixy-pktgen --count 100 "$CARD1"
same "pktgen: the kernel's driver is back at once" e1000 "$(driver_of "$CARD1")"
check "the interface works again" ip link set "$(interface_of "$CARD1")" up
ip link set "$(interface_of "$CARD1")" down

# Without a kernel driver nothing turns bus mastering on again, so it is visibly off.
rmmod e1000
for signal in INT TERM; do
    start pcap program pcap
    at_work pcap >/dev/null
    check "without a driver: bus mastering is on while ixy-pcap runs" bus_master_on "$CARD1"
    check "without a driver: ixy-pcap ends with status 0 after SIG$signal" ends pcap $signal
    check "without a driver: bus mastering is off after SIG$signal" bus_master_off "$CARD1"
done

# SIGKILL in slow motion: the guard is stopped first, so that the moment before it acts can be examined.
start pcap program pcap
at_work pcap >/dev/null
guard=$(pidof ixy-guard)
check "there is one guard" test "$(echo "$guard" | wc -w)" = 1
kill -STOP "$guard"
check "the owner is killed" killed pcap
check "the card may still write to memory" bus_master_on "$CARD1"
check "that memory is still held" test "$(huge_pages_free)" -lt 64
kill -CONT "$guard"
check "the memory is free again" wait_until 10 all_pages_free
check "by then bus mastering was off" bus_master_off "$CARD1"
check "the guard is gone" wait_until 10 test -z "$(pidof ixy-guard)"

# And at full speed, ten times: whenever the memory is free, the card is silent.
quiet_when_free() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        start pcap program pcap
        at_work pcap || return 1
        kill -KILL "$(pid_of pcap)"
        until all_pages_free; do :; done
        bus_master_off "$CARD1" || return 1
    done
}
check "whenever the memory is free, the card is silent" quiet_when_free
check "the kernel's driver can have the card again" insmod /lab/drivers/e1000.ko
finish
