#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The entry point of the test images. It keeps the contract of the official Flink image's, which is what Sluice renders
# pods for:
#   jobmanager, taskmanager, standalone-job, history-server ARGS…   that process, by Flink's own scripts
#   help                                                            says so
#   anything else                                                   is executed as it is
# ENABLE_BUILT_IN_PLUGINS: jars of /opt/flink/opt joined by ';', each linked into a plugin folder; a missing one ends it.
# JOB_MANAGER_RPC_ADDRESS, TASK_MANAGER_NUMBER_OF_TASK_SLOTS and FLINK_PROPERTIES ("key: value" lines, $NAME replaced) go
# into the configuration file, when it can be written: a mounted ConfigMap can't, and then is the whole configuration.
set -u
FLINK_HOME=${FLINK_HOME:-/opt/flink}

enable_plugins() {
    local jar jars folder
    IFS=';' read -r -a jars <<<"${ENABLE_BUILT_IN_PLUGINS:-}"
    for jar in "${jars[@]}"; do
        [[ -n $jar ]] || continue
        if [[ ! -e $FLINK_HOME/opt/$jar ]]; then
            echo "Plugin $jar does not exist. Exiting."
            exit 1
        fi
        folder=$FLINK_HOME/plugins/${jar%.jar}
        mkdir -p "$folder"
        ln -fs "$FLINK_HOME/opt/$jar" "$folder/"
        echo "Enabled $jar"
    done
}

# Prints one "-Dkey=value" for each setting of the environment.
settings() {
    local line
    echo "-Djobmanager.rpc.address=${JOB_MANAGER_RPC_ADDRESS:-$(hostname -f)}"
    echo "-Dblob.server.port=6124"
    if [[ -n ${TASK_MANAGER_NUMBER_OF_TASK_SLOTS:-} ]]; then
        echo "-Dtaskmanager.numberOfTaskSlots=$TASK_MANAGER_NUMBER_OF_TASK_SLOTS"
    fi
    while IFS= read -r line; do
        line=${line//[[:space:]]/} # "1 s" would reach Flink's parser as "1"
        if [[ $line == [!#]*:* ]]; then
            echo "-D${line%%:*}=$(envsubst <<<"${line#*:}")"
        fi
    done <<<"${FLINK_PROPERTIES:-}"
}

write_settings() {
    local all
    if [[ ! -w $FLINK_HOME/conf/config.yaml ]]; then
        if [[ -n ${FLINK_PROPERTIES:-} ]]; then
            echo "$FLINK_HOME/conf is read-only: FLINK_PROPERTIES is not used"
        fi
        return 0
    fi
    mapfile -t all < <(settings)
    "$FLINK_HOME/bin/config-parser-utils.sh" "$FLINK_HOME/conf" "$FLINK_HOME/bin" "$FLINK_HOME/lib" "${all[@]}"
}

mode=${1:-help}
case $mode in
jobmanager | taskmanager | standalone-job) script=$mode.sh ;;
history-server) script=historyserver.sh ;;
help)
    echo "Usage: $(basename "$0") (jobmanager|standalone-job|taskmanager|history-server) [ARGUMENTS], or a command"
    exit 0
    ;;
*) script='' ;;
esac
enable_plugins
write_settings
[[ -n $script ]] || exec "$@"
shift
echo "Starting $mode"
exec "$FLINK_HOME/bin/$script" start-foreground "$@"
