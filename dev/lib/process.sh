# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Long-running processes of a cluster. A process is known by its pid AND its start time, so that a pid which the kernel
# has given to somebody else is never signalled.

# The 22nd field of /proc/PID/stat; the second one (the name) may hold anything, so cut after its last ')'.
# Empty when there is no such process or it is a zombie.
process_start_time() {
    local stat fields
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
    read -r -a fields <<<"${stat##*) }"
    [[ ${fields[0]} == Z ]] || echo "${fields[19]}"
}

# process_pid NAME: the pid while it runs, else fails.
process_pid() {
    local pid started
    { read -r pid started <"$RUN_DIR/$1"; } 2>/dev/null || return 1
    [[ -n $started && $(process_start_time "$pid") == "$started" ]] || return 1
    echo "$pid"
}

# process_start NAME PROGRAM ARGS…: nothing happens when it runs already. Output is appended to logs/NAME.log.
# setsid: Ctrl-C in the terminal that started it must not end it. Locks (fd 8 and 9) are not inherited.
process_start() {
    local name=$1 pid
    shift
    ! process_pid "$name" >/dev/null || return 0
    mkdir -p "$RUN_DIR" "$LOG_DIR"
    setsid "$@" >>"$LOG_DIR/$name.log" 2>&1 </dev/null 8>&- 9>&- &
    pid=$!
    echo "$pid $(process_start_time "$pid")" >"$RUN_DIR/$name"
    disown "$pid" 2>/dev/null || true
}

# process_signal NAME SIGNAL: fails when it does not run.
process_signal() {
    local pid
    pid=$(process_pid "$1") && kill -s "$2" "$pid"
}

# process_stop NAME [SECONDS]: SIGTERM, after SECONDS (10) SIGKILL. Returns when it is gone.
process_stop() {
    local name=$1 patience=$((SECONDS + ${2:-10}))
    if process_signal "$name" TERM; then
        process_signal "$name" CONT || true # a stopped process does not see SIGTERM before it goes on
        while process_pid "$name" >/dev/null; do
            if ((SECONDS >= patience)); then
                say "$name did not end by itself, killed"
                process_signal "$name" KILL || true
                patience=$((SECONDS + 10))
            fi
            sleep 0.05
        done
    fi
    rm -f "$RUN_DIR/$name"
}

process_names() {
    [[ -d $RUN_DIR ]] || return 0
    find "$RUN_DIR" -maxdepth 1 -type f -printf '%f\n' | sort
}

# free_port TAKEN…: a free loopback port below the range that the kernel hands out itself, and none of TAKEN.
# Ports of stopped clusters count as taken, so that their restart finds them free.
free_port() {
    local port used
    used=" $* $(cat "$STATE_ROOT"/*/ports 2>/dev/null | sed 's/.*=//' | tr '\n' ' ') "
    used+=$(awk 'FNR > 1 { split($2, a, ":"); print a[2] }' /proc/net/tcp /proc/net/tcp6 2>/dev/null |
        while read -r hex; do printf '%d ' "0x$hex"; done)
    for _ in {1..200}; do
        port=$((20000 + RANDOM % 12000))
        if [[ " $used " != *" $port "* ]]; then
            echo "$port"
            return 0
        fi
    done
    die "no free port between 20000 and 32000"
}
