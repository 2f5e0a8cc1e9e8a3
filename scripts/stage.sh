# Progress of the commands, one line per stage. Sourced, not run.
#
# stage NAME TITLE COMMAND... runs the command with its output in $logs/NAME.log, shows the log's newest line while it
# runs (on a terminal; elsewhere one line a minute), then the time it took; when it fails, also the end of the log, or
# the output of $excerpt LOG.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
logs=$root/build/logs

stage() {
    local name=$1 title=$2 started=$SECONDS status=0 ticker
    local log=$logs/$name.log
    shift 2
    mkdir -p "$logs"
    : >"$log"
    tick "$log" "$title" &
    ticker=$!
    "$@" >"$log" 2>&1 </dev/null || status=$?
    kill "$ticker" 2>/dev/null
    wait "$ticker" 2>/dev/null
    if [ -t 1 ]; then printf '\r\033[K'; fi
    if [ "$status" -eq 0 ]; then
        printf '  %-52s %4d s\n' "$title" $((SECONDS - started))
    else
        printf '  %-52s %4d s  FAILED\n' "$title" $((SECONDS - started))
        ${excerpt:-tail -n 40} "$log" | sed 's/^/    | /'
        printf '    the whole log: %s\n' "$log"
    fi
    return "$status"
}

# Builds go through ccache if it is installed. It keeps its files in build/ccache if its own folder cannot be written.
# Precompiled headers are cached only if ccache need not look into them for macros and times.
use_ccache() {
    command -v ccache >/dev/null || return 0
    export CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_SLOPPINESS=pch_defines,time_macros
    local folder
    folder=$(ccache --get-config cache_dir 2>/dev/null) || folder=
    if ! { mkdir -p "$folder" && [ -w "$folder" ]; } 2>/dev/null; then export CCACHE_DIR=$root/build/ccache; fi
}

# Runs alongside a stage until it is killed.
tick() {
    local log=$1 title=$2 seconds=0 line
    trap 'exit 0' TERM
    while sleep 1 & wait $!; do
        seconds=$((seconds + 1))
        line=$(tail -c 300 "$log" 2>/dev/null | tr '\r' '\n' | tail -n 1 | cut -c 1-60)
        if [ -t 1 ]; then
            printf '\r\033[K  %-52s %4d s  %.*s' "$title" "$seconds" $((${COLUMNS:-80} > 70 ? ${COLUMNS:-80} - 64 : 0)) "$line"
        elif [ $((seconds % 60)) -eq 0 ]; then
            printf '    … %s, %d s: %s\n' "$title" "$seconds" "$line"
        fi
    done
}
