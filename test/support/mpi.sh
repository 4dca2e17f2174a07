#!/usr/bin/env bash
# mpi.sh: Debian's Open MPI for npm run verify:mpi, installed where it is missing: up | down. Installing needs root.
fail() { echo "mpi: $*" >&2; exit 1; }
case ${1:-} in
  up)
    command -v mpirun >/dev/null && exit 0
    [ "$(id -u)" = 0 ] || fail 'missing: openmpi-bin, and the rights of root to install it'
    command -v apt-get >/dev/null || fail 'missing: openmpi-bin; no apt-get here'
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openmpi-bin; } >/tmp/shoal-mpi-apt.log 2>&1 ||
      fail 'missing: openmpi-bin; apt-get failed, see /tmp/shoal-mpi-apt.log'
    ;;
  down) ;;
  *) fail "usage: $0 up|down" ;;
esac
