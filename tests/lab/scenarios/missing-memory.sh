# No huge page, or no physical address: each cause is real here and is named with its next step.
# lab: --card 82540em --with setpriv
. /lab/functions.sh
plan 19

# says NAME WORDS -- COMMAND...: ends with status 1, prints each of the words, and never tells root to use sudo.
says() {
    says_name=$1 says_words=
    shift
    while [ "$1" != -- ]; do says_words="$says_words $1"; shift; done
    shift
    message=$("$@" 2>&1 >/dev/null)
    same "$says_name: exit status" 1 $?
    for word in $says_words; do
        case $message in *"$word"*) ;; *) not_ok "$says_name: message" "'$word' is missing in: $message"; return ;; esac
    done
    case $message in *sudo*) not_ok "$says_name: message" "sudo in: $message" ;; *) ok "$says_name: message" ;; esac
}
send="ixy-pktgen --count 1 $CARD1"

mount -t cgroup2 none /sys/fs/cgroup
echo +hugetlb >/sys/fs/cgroup/cgroup.subtree_control
mkdir /sys/fs/cgroup/box
for file in hugetlb.2MB.max hugetlb.2MB.rsvd.max; do
    check "$file: the control group exists" test -e /sys/fs/cgroup/box/$file
    echo 0 >/sys/fs/cgroup/box/$file
    says "$file" "/sys/fs/cgroup/box/$file is 0" "raise that limit" \
        -- sh -c "echo \$\$ >/sys/fs/cgroup/box/cgroup.procs; exec $send"
    echo max >/sys/fs/cgroup/box/$file
done

# Not the setpriv of busybox, which does not support bounding sets.
setpriv=/usr/local/sbin/setpriv
without="$setpriv --bounding-set -sys_admin --inh-caps -sys_admin"
says "root without CAP_SYS_ADMIN" "CAP_SYS_ADMIN" "--cap-add=SYS_ADMIN" -- $without $send
says "root of a user namespace" "user namespace" -- unshare -U -r $send
says "a limit on locked memory" "ulimit -l" \
    -- sh -c "ulimit -l 64; exec $setpriv --bounding-set -ipc_lock --inh-caps -ipc_lock $send"
says "a limit on the size of files" "ulimit -f" -- sh -c "ulimit -f 1024; exec $send"

echo 0 >/proc/sys/vm/nr_hugepages
says "none reserved" "no huge page of 2 MiB is reserved" "ixy hugepages 512" -- $send
echo 64 >/proc/sys/vm/nr_hugepages
check "it runs when all of them are available" $send --link-timeout 0
same "and the kernel's driver has the card again" e1000 "$(driver_of "$CARD1")"
same "and all pages are free" 64 "$(huge_pages_free)"
finish
