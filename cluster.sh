#!/usr/bin/env bash
# Several nodes on this machine as one broker:  ./cluster.sh [NODES] [FIRST PORT]
# Three nodes, their clients on ports 8001, 8002, 8003, if nothing is said; port 0 takes any that are free. Ctrl-C or SIGTERM ends all of it: clients leave in paces, Redis is last.
#   BROKER_REDIS   the Redis to use; without it one is started here that keeps nothing
#   BROKER_CONFIG  the configuration; hocon/cluster.conf without it
#   BROKER_HOST    a Broker.Host.dll that is built already; without it it is built here
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
nodes=${1:-3}
port=${2:-8001}
if ! [[ $nodes =~ ^[1-9][0-9]?$ && $port =~ ^[0-9]{1,5}$ ]]; then
  echo "usage: ./cluster.sh [NODES, 3] [FIRST PORT, 8001]" >&2
  exit 2
fi

pids=()
redis=
logs=$(mktemp -d)

stop() {
  trap '' INT TERM
  for pid in ${pids[@]+"${pids[@]}"}; do kill "$pid" 2>/dev/null || true; done
  for pid in ${pids[@]+"${pids[@]}"}; do wait "$pid" || true; done
  if [ -n "$redis" ]; then
    kill "$redis" 2>/dev/null || true
    while kill -0 "$redis" 2>/dev/null; do sleep 0.05; done
  fi
  rm -rf "$logs"
}
trap stop EXIT
trap 'exit 0' INT TERM

# On a free port, as a daemon: Ctrl-C goes to all processes of the terminal, and Redis must outlive the nodes.
start_redis() {
  command -v redis-server >/dev/null || { echo "Install redis-server, or set BROKER_REDIS." >&2; exit 1; }
  local try port
  for try in {1..20}; do
    port=$((20000 + RANDOM % 10000))
    redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --daemonize yes --dir "$logs" --pidfile "$logs/redis.pid" --logfile redis.log >/dev/null
    until grep -q -e 'Ready to accept' -e 'Address already in use' "$logs/redis.log" 2>/dev/null; do sleep 0.05; done
    if grep -q 'Ready to accept' "$logs/redis.log"; then
      redis=$(cat "$logs/redis.pid")
      export BROKER_REDIS=redis://127.0.0.1:$port
      echo "redis-server  $BROKER_REDIS  process $redis"
      return
    fi
    rm "$logs/redis.log"
  done
  echo "No free port for redis-server was found." >&2
  exit 1
}

host=${BROKER_HOST:-$here/src/Broker.Host/bin/Release/net10.0/Broker.Host.dll}
[ -n "${BROKER_HOST:-}" ] || dotnet build "$here/src/Broker.Host" -c Release -v quiet --nologo
[ -n "${BROKER_REDIS:-}" ] || start_redis

export BROKER_CONFIG=${BROKER_CONFIG:-$here/hocon/cluster.conf}
# They are all here: links on loopback, on free ports. The secret is what every node of a cluster must know.
export BROKER_CLUSTER=on BROKER_CLUSTER_HOST=127.0.0.1 BROKER_CLUSTER_PORT=0
export BROKER_CLUSTER_SECRET=${BROKER_CLUSTER_SECRET:-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')}

for ((i = 0; i < nodes; i++)); do
  dotnet "$host" --demo --urls "http://127.0.0.1:$((port == 0 ? 0 : port + i))" >"$logs/$((i + 1)).log" 2>&1 &
  pids+=($!)
done

clients=()
for ((i = 0; i < nodes; i++)); do
  log=$logs/$((i + 1)).log
  until line=$(grep -m1 '^Broker is ready: ' "$log"); do
    kill -0 "${pids[i]}" 2>/dev/null || { echo "Node $((i + 1)) did not start:" >&2; cat "$log" >&2; exit 1; }
    sleep 0.1
  done
  echo "node $((i + 1))  ${line#Broker is ready: }  process ${pids[i]}  log $log"
  line=${line#Broker is ready: }
  clients+=("${line%% *}")
done
echo "The cluster is ready: ${clients[*]}"

# Who is killed meanwhile is not started again: see what the others make of it.
for ((i = 0; i < nodes; i++)); do
  code=0
  wait "${pids[i]}" || code=$?
  echo "Node $((i + 1)) has ended with exit code $code." >&2
done
exit 1
