#!/usr/bin/env bash
# Installs what is missing, builds the programs, and lets them work: packets are generated, forwarded and captured by
# our own driver on network cards that QEMU emulates. Nothing of this touches this machine's own cards.
#
#   ./demo.sh                 under 5 minutes on two cores, most of it once
#   ./demo.sh --count N       so many packets (default: 100000)
#   ./demo.sh --no-install    takes the packages that are there
#
#   ixy-pktgen ── wire a ── ixy-fwd ── wire b ── ixy-pcap
#
# The exit status is 0 when the capture holds every packet that was sent, once and in order. It stays in build/demo.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
. scripts/stage.sh

count=100000 install=yes
while [ $# -gt 0 ]; do
    case $1 in
        --count) count=${2:-}; shift ;;
        --no-install) install=no ;;
        -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) printf 'demo.sh: unknown option %s; see ./demo.sh --help\n' "$1" >&2; exit 2 ;;
    esac
    shift
done
if ! [[ $count =~ ^[1-9][0-9]{0,6}$ ]]; then
    printf 'demo.sh: --count takes a number from 1 to 9999999\n' >&2
    exit 2
fi

[ $install = no ] || scripts/install-dependencies build lab || exit 1
[ -e build/CMakeCache.txt ] || export CMAKE_GENERATOR=Ninja
if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
build_programs() { cmake -B build -DIXY_PROGRAMS=ON && cmake --build build -j "$(nproc)" --target ixy-pktgen ixy-fwd ixy-pcap; }
stage programs "build the programs" build_programs || exit 1
stage kernel "the lab's kernel" lab/lab kernel || exit 1
