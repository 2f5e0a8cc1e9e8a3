#!/usr/bin/env bash
# Installs what is missing, builds everything, and runs every test.
#
#   ./test.sh                everything: about 22 minutes on two cores
#   ./test.sh --quick        one build and the unit tests: about 4 minutes
#   ./test.sh --no-install   uses the packages that are installed
#
# Ends with CTest's summary of the whole run; build/logs keeps what each stage printed. The exit status is 0 when every
# build and every test passes.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
. scripts/stage.sh

quick=no install=yes
for option in "$@"; do
    case $option in
        --quick) quick=yes ;;
        --no-install) install=no ;;
        -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) printf 'test.sh: unknown option %s; see ./test.sh --help\n' "$option" >&2; exit 2 ;;
    esac
done

lists="build lab test"
[ $quick = no ] || lists="build test"
[ $install = no ] || scripts/install-dependencies $lists || exit 1

export CMAKE_GENERATOR=Ninja CMAKE_BUILD_PARALLEL_LEVEL CTEST_PARALLEL_LEVEL
CMAKE_BUILD_PARALLEL_LEVEL=$(nproc)
CTEST_PARALLEL_LEVEL=$(($(nproc) + 1))  # many tests sleep more than they compute
use_ccache

build() { # build PRESET TARGETS...
    local preset=$1
    shift
    cmake --preset "$preset" && cmake --build --preset "$preset" ${*:+--target "$@"}
}

# Everything is one CTest run over build/all: the trees that were built, plus one test for each earlier stage, which has
# the stage's exit status. So no stage can fail or be skipped unnoticed.
all=build/all
mkdir -p $all
: >$all/CTestTestfile.cmake
counted() { # counted NAME TITLE COMMAND...
    stage "$@"
    local status=$?
    printf 'add_test(stage.%s sh -c "tail -n 40 %s/%s.log; exit %d")\n' "$1" "$logs" "$1" $status >>$all/CTestTestfile.cmake
}
include() { # include TREE: adds its tests to the run
    printf 'subdirs("%s")\n' "$root/$1" >>$all/CTestTestfile.cmake
}

started=$SECONDS
selection=()
if [ $quick = yes ]; then
    counted release "build: g++, warnings are errors" build quick unit_tests
    include build/quick
    selection=(-LE "qemu|lab|install|bench" -E "_NOT_BUILT$")  # tests that were not built have one of these labels
else
    counted release "build: g++, warnings are errors" build release
    counted asan "build: clang++-19, address and undefined sanitizers" build asan
    counted tsan "build: thread sanitizer" build tsan test_core test_sim_card test_wires test_waiting test_queue_threads
    counted format "format: clang-format-19" scripts/check-format
    counted tidy "lint: clang-tidy-19" scripts/check-tidy
    counted kernel "the lab's kernel" lab/lab kernel
    counted qemu "the lab's QEMU, which speaks vfio-user" lab/lab qemu
    include build
    include build/asan
    include build/tsan/tests/core
    include build/tsan/tests/sim/card
    include build/tsan/tests/sim/wires
    include build/tsan/tests/waiting
    include build/tsan/tests/nic/threads
fi

run_tests() { ctest --test-dir $all --output-on-failure --no-tests=error --timeout 600 "${selection[@]}"; }
# What CTest printed about the failed tests, at most 60 lines each.
failed_tests() {
    awk '/^ *[0-9]+\/[0-9]+ Test +#/ { shown = /\*\*\*|Not Run/; lines = 0 }
         /^ *Start +[0-9]+:/ || /tests passed, / { shown = 0 }
         shown && lines++ < 60' "$1"
}
excerpt=failed_tests stage tests "run the tests" run_tests
status=$?
printf '  %-52s %4d s\n\n' "total" $((SECONDS - started))
sed -n '/tests passed, .* failed out of/,$p' "$logs/tests.log"
exit $status
