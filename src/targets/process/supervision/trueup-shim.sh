#!/bin/sh
# Runs one program so that it outlives Trueup: holds the lock while the program or a child of it lives, keeps its output in
# files of bounded size, and leaves its exit status behind. Started as the leader of a session of its own, so that signals
# to the program's session never hit it.
#
#   trueup-shim.sh LOCK EXIT LOG LOG_BYTES LOG_FILES DESCRIPTORS DIRECTORY COMMAND...
#
# EXIT is written whole or not at all. EXIT.held is made instead where another copy holds the lock: nothing was started then,
# and EXIT stays that of the copy that may run under the same name.
set -u
umask 077
lock=$1 exit=$2 log=$3 bytes=$4 files=$5 descriptors=$6 directory=$7
shift 7

leave() {
  printf '%s\n' "$1" >"$exit.part" && mv "$exit.part" "$exit"
}

# LOG becomes LOG.1, LOG.1 becomes LOG.2 and so on; the oldest goes.
rotate() {
  at=$((files - 1))
  while [ "$at" -gt 1 ]; do
    [ -e "$log.$((at - 1))" ] && mv -f "$log.$((at - 1))" "$log.$at"
    at=$((at - 1))
  done
  if [ "$files" -gt 1 ]; then mv -f "$log" "$log.1"; else rm -f "$log"; fi
}

# How many reads dd says that it has done: of its words, warnings about short reads included, the line
# `FULL+PARTIAL records in`.
reads_of() {
  counts=${1%% records in*}
  counts=${counts##*
}
  full=${counts%%+*}
  partial=${counts#*+}
  case $full$partial in *[!0-9]* | '') echo 0 ;; *) echo $((full + partial)) ;; esac
}

# Writes stdin to the log as it comes. dd passes each read on at once; after READS of them the size is looked at. At the end
# of stdin dd has read fewer than it was told to. What cannot be written (the disk is full, the folder is gone) is dropped:
# a program must neither be held up by its log nor lose its reader.
keep_log() {
  block=65536
  [ "$bytes" -lt 262144 ] && block=$((bytes / 4 + 1))
  reads=$((bytes / block / 4 + 1))
  while :; do
    if said=$(LC_ALL=C dd bs="$block" count="$reads" oflag=append conv=notrunc of="$log" 2>&1 3>&-); then
      [ "$(reads_of "$said")" -lt "$reads" ] && break
      [ "$(wc -c <"$log")" -ge "$bytes" ] && rotate
    else
      said=$(LC_ALL=C dd bs="$block" count=16 of=/dev/null 2>&1 3>&-)
      [ "$(reads_of "$said")" -lt 16 ] && break
    fi
  done
}

exec 9>>"$lock" || exit 74
if ! flock -n 9; then
  : >"$exit.held"
  exit 75
fi
pipe=$exit.pipe
mkfifo "$pipe" || exit 74
(
  exec 9>&-
  trap '' HUP INT QUIT TERM
  keep_log
) <"$pipe" >/dev/null 2>&1 &
exec 3>"$pipe"
rm -f "$pipe"
# A session of its own for the program: all that it starts can be ended as one group, without its log.
setsid sh -c '
  directory=$1 descriptors=$2
  shift 2
  cd -- "$directory" || exit 71
  [ "$descriptors" = 0 ] || ulimit -n "$descriptors" || exit 71
  exec "$@"
' sh "$directory" "$descriptors" "$@" </dev/null >&3 2>&3 3>&-
status=$?
exec 3>&-
leave "$status"
