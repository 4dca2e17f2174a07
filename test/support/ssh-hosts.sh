#!/usr/bin/env bash
# ssh-hosts.sh: three real sshds on loopback for npm run verify:ssh, reached as n1, n2 and n3 with a key of their own. Needs openssh-server; root
# installs it on Debian.
#   up | down | config (for ssh -F) | hosts (a hostfile) | stop NAME | start NAME
set -u
DIR=${SHOAL_SSH_DIR:-/tmp/shoal-ssh}
PORT=${SHOAL_SSH_PORT:-22100} # host k at PORT+k
fail() { echo "ssh-hosts: $*" >&2; exit 1; }

install() {
  [ -x /usr/sbin/sshd ] && command -v ssh >/dev/null && return
  [ "$(id -u)" = 0 ] || fail 'missing: openssh-server, and the rights of root to install it'
  command -v apt-get >/dev/null || fail 'missing: openssh-server; no apt-get here'
  local policy=/usr/sbin/policy-rc.d own=
  [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy; chmod 755 $policy; own=1; }
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openssh-server openssh-client; } >"$DIR/apt.log" 2>&1
  local status=$?
  [ -n "$own" ] && rm -f $policy
  [ $status = 0 ] || fail "missing: openssh-server; apt-get failed, see $DIR/apt.log"
}
start() {
  /usr/sbin/sshd -f /dev/null -E "$DIR/$1.log" -o ListenAddress=127.0.0.1 -o Port=$((PORT + ${1#n})) -o HostKey="$DIR/host" \
    -o PidFile="$DIR/$1.pid" -o AuthorizedKeysFile="$DIR/id.pub" -o PasswordAuthentication=no -o StrictModes=no -o UsePAM=no \
    -o MaxStartups=100 -o PermitRootLogin=prohibit-password || fail "sshd $1; see $DIR/$1.log"
}
stop() { [ -f "$DIR/$1.pid" ] && kill "$(cat "$DIR/$1.pid")"; rm -f "$DIR/$1.pid"; }

case ${1:-} in
  up)
    mkdir -p "$DIR" && chmod 700 "$DIR"
    install
    mkdir -p /run/sshd 2>/dev/null
    for key in id host; do [ -f "$DIR/$key" ] || ssh-keygen -q -t ed25519 -N '' -f "$DIR/$key"; done
    {
      printf 'Host n1 n2 n3\n HostName 127.0.0.1\n User %s\n IdentityFile %s/id\n IdentitiesOnly yes\n' "$(id -un)" "$DIR"
      printf ' StrictHostKeyChecking no\n UserKnownHostsFile /dev/null\n LogLevel ERROR\n'
      for k in 1 2 3; do printf 'Host n%s\n Port %s\n' $k $((PORT + k)); done
    } >"$DIR/config"
    printf 'n1 slots=1\nn2 slots=1 # a comment\nn3 slots=2\n' >"$DIR/hosts"
    for host in n1 n2 n3; do [ -f "$DIR/$host.pid" ] || start $host; done
    for host in n1 n2 n3; do
      n=50
      until ssh -F "$DIR/config" -o BatchMode=yes -o ConnectTimeout=5 $host true 2>>"$DIR/try.log"; do
        n=$((n - 1))
        [ $n -gt 0 ] || fail "$host lets nobody in; see $DIR"
        sleep 0.1
      done
    done
    ;;
  down)
    for host in n1 n2 n3; do stop $host; done
    rm -rf "$DIR"
    ;;
  config) echo "$DIR/config" ;;
  hosts) echo "$DIR/hosts" ;;
  stop) stop "$2" ;;
  start) start "$2" ;;
  *) fail "usage: $0 up|down|config|hosts|stop N|start N" ;;
esac
