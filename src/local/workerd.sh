#!/bin/sh
# Runs workerd so that it never outlives the Node.js process that started it, however that one ends.
#
# File descriptor 3 is a pipe to that process. Nothing is ever written to it, so `read` returns at
# the moment the other end is closed, which the system does even after kill -9: no polling.
# $$ is workerd itself, because exec keeps the process id; its name is checked before it is killed,
# so that a number that has since been given to another process is left alone.

[ -n "$KEDGE_WORKERD_PID_FILE" ] && echo $$ >"$KEDGE_WORKERD_PID_FILE"

(
  exec </dev/null >/dev/null 2>&1
  read -r _ <&3
  case "$(readlink "/proc/$$/exe" || ps -o comm= -p $$)" in
    *workerd*) kill -9 $$ ;;
  esac
) &

exec "$KEDGE_WORKERD" "$@"
