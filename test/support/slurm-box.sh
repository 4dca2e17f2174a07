#!/usr/bin/env bash
# slurm-box.sh: a real Slurm on this machine for npm run verify:slurm: munged, slurmctld and three slurmd, all state in one folder, nothing beyond
# loopback. Needs root and Debian.
#   up | down | conf | kill-node NAME (as if it lost power) | kill-slurmd NAME (its tasks live on) | start-node NAME
set -u
DIR=${SHOAL_SLURM_DIR:-/tmp/shoal-slurm}
PORT=${SHOAL_SLURM_PORT:-17100} # slurmctld here, node k at PORT+k
NODES='n1 n2 n3'
CONF=$DIR/etc/slurm.conf
SOCKET=$DIR/munge/socket
export SLURM_CONF=$CONF
fail() { echo "slurm-box: $*" >&2; exit 1; }

have() { command -v slurmctld && command -v slurmd && command -v munged && command -v srun; }
install() {
  have >/dev/null && return
  [ "$(id -u)" = 0 ] || fail 'missing: slurm-wlm and munge, and the rights of root to install them'
  command -v apt-get >/dev/null || fail 'missing: slurm-wlm and munge; no apt-get here'
  local policy=/usr/sbin/policy-rc.d own=
  [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy; chmod 755 $policy; own=1; } # the packages start nothing
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge; } >"$DIR/log/apt.log" 2>&1
  local status=$?
  [ -n "$own" ] && rm -f $policy
  [ $status = 0 ] || fail "missing: slurm-wlm and munge; apt-get failed, see $DIR/log/apt.log"
}

configure() {
  local host; host=$(hostname -s)
  cat >"$CONF" <<C
ClusterName=shoal
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$PORT
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$SOCKET,cred_expire=5
StateSaveLocation=$DIR/state
SlurmdSpoolDir=$DIR/spool/%n
SlurmctldPidFile=$DIR/pid/slurmctld
SlurmdPidFile=$DIR/pid/%n
SlurmctldLogFile=$DIR/log/slurmctld.log
SlurmdLogFile=$DIR/log/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
ReturnToService=2
SlurmdTimeout=5
SlurmctldTimeout=10
MessageTimeout=5
KillWait=5
InactiveLimit=0
MinJobAge=3600
JobRequeue=1
MailProg=/bin/true
NodeName=n[1-3] NodeHostname=$host NodeAddr=127.0.0.1 Port=[$((PORT + 1))-$((PORT + 3))] CPUs=1 RealMemory=4096 State=UNKNOWN
PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP
C
  # a cgroup plugin is loaded even for proctrack/linuxproc; v1 touches nothing until it is used
  local version; version=$(slurmd -V | grep -o '[0-9][0-9]\.[0-9][0-9]' | head -1)
  if [ "${version/./}" -ge 2405 ]; then echo CgroupPlugin=disabled; else echo CgroupPlugin=cgroup/v1; fi >"$DIR/etc/cgroup.conf"
}

pid() { cat "$DIR/pid/$1" 2>/dev/null; }
# alive NAME: its pid is that of a process of ours, whose command line names our folder
alive() { local p; p=$(pid "$1"); [ -n "$p" ] && tr '\0' ' ' 2>/dev/null <"/proc/$p/cmdline" | grep -q "$DIR/"; }
soon() { local n=$(($1 * 10)); shift; until "$@" >/dev/null 2>&1; do n=$((n - 1)); [ $n -gt 0 ] || return 1; sleep 0.1; done; }
dead() { ! alive "$1"; }
# slurmstepd outlives its slurmd and holds its node's log open
steps() {
  local p
  for p in $(ps -e -o pid=,comm= | awk '$2 ~ /^slurmstepd/ { print $1 }'); do
    ls -l "/proc/$p/fd" 2>/dev/null | grep -q -- "-> $DIR/log/${1:-n[0-9]}\.log$" && echo "$p"
  done
}
tree() { local p; for p; do echo "$p"; tree $(ps -e -o pid=,ppid= | awk -v p="$p" '$2 == p { print $1 }'); done; }

start_node() { alive "$1" || slurmd -N "$1" -f "$CONF" </dev/null >>"$DIR/log/$1.out" 2>&1 || fail "slurmd $1: $(tail -3 "$DIR/log/$1.log")"; }
all_idle() { [ "$(sinfo -h -t idle,alloc,mix -o %D | awk '{ n += $1 } END { print n + 0 }')" = 3 ]; }
stop() { alive "$1" && { kill "$(pid "$1")"; soon 10 dead "$1" || kill -9 "$(pid "$1")"; }; rm -f "$DIR/pid/$1"; }

case ${1:-} in
  up)
    umask 022
    mkdir -p "$DIR"/{etc,state,spool,pid,log,munge}
    chmod 755 "$DIR"
    chmod 700 "$DIR/state"
    install
    configure
    if ! alive munged; then
      [ -s "$DIR/munge/key" ] || (umask 077 && head -c 128 /dev/urandom >"$DIR/munge/key")
      rm -f "$SOCKET" "$SOCKET.lock"
      munged --socket="$SOCKET" --key-file="$DIR/munge/key" --log-file="$DIR/munge/log" --pid-file="$DIR/pid/munged" \
        --seed-file="$DIR/munge/seed" --origin=127.0.0.1 </dev/null || fail munged
      soon 5 munge -S "$SOCKET" -n || fail 'munged does not answer'
    fi
    alive slurmctld || slurmctld -f "$CONF" -c </dev/null >>"$DIR/log/slurmctld.out" 2>&1 || fail "slurmctld: $(tail -3 "$DIR/log/slurmctld.log")"
    soon 15 scontrol ping || fail "slurmctld does not answer; see $DIR/log"
    for node in $NODES; do start_node "$node"; done
    soon 30 all_idle || fail "nodes are not ready; see $DIR/log"
    ;;
  down)
    [ -d "$DIR/pid" ] || exit 0
    alive slurmctld && { squeue -h -o %A | sort -u | xargs -r timeout 10 scancel --full >/dev/null 2>&1; sleep 1; }
    for node in $NODES; do stop "$node"; done
    left=$(tree $(steps))
    [ -z "$left" ] || kill -9 $left 2>/dev/null
    stop slurmctld
    stop munged
    rm -rf "$DIR"
    ;;
  conf) echo "$CONF" ;;
  kill-slurmd) alive "$2" || fail "$2 does not run"; kill -9 "$(pid "$2")" ;;
  kill-node)
    alive "$2" && kill -9 "$(pid "$2")"
    left=$(tree $(steps "$2"))
    [ -z "$left" ] || kill -9 $left 2>/dev/null
    ;;
  start-node)
    shift
    for node; do start_node "$node"; done
    soon 60 all_idle || fail "nodes are not ready; see $DIR/log"
    ;;
  *) fail "usage: $0 up|down|conf|kill-node N|kill-slurmd N|start-node N..." ;;
esac
