#!/usr/bin/env bash
# Restores, builds and runs every test. Installs what they need (redis-server, chromium, node) if it is missing and this user may; otherwise says what to install.
set -euo pipefail
cd "$(dirname "$0")"

need() { # command package
  command -v "$1" >/dev/null || missing+=("$2")
}

missing=()
need redis-server redis-server
need redis-cli redis-tools
need chromium chromium
need node nodejs
need npm npm
command -v dotnet >/dev/null || { echo "Install the .NET 10 SDK first: dotnet is not on the PATH." >&2; exit 1; }

if ((${#missing[@]})); then
  root=()
  if [ "$(id -u)" -ne 0 ]; then root=(sudo -n); fi
  if ! command -v apt-get >/dev/null || ! "${root[@]}" true 2>/dev/null; then
    echo "The tests need: ${missing[*]}. Install them, e.g. apt-get install ${missing[*]}" >&2
    exit 1
  fi

  # The tests start their own servers on free ports: no service is wanted.
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
  "${root[@]}" apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet build Broker.sln -c Release -v quiet

# One project after the other: they share two cores, and some of their tests fill them.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
dotnet test Broker.sln -c Release --no-build -m:1 --logger "console;verbosity=normal" "$@" 2>&1 | tee "$log" | grep -vE '^ +Passed ' || status=$?

# Again, where they are seen: the runner tells of them in the midst of everything.
grep -E '^ +Failed ' "$log" || true

# The runner's summaries, one for each test project, added up.
awk '/^ *(Passed|Failed|Skipped): +[0-9]+ *$/ { sub(":", "", $1); sum[$1] += $2 }
     END { printf "%d passed, %d failed, %d skipped\n", sum["Passed"], sum["Failed"], sum["Skipped"]; exit sum["Passed"] == 0 || sum["Failed"] > 0 }' "$log" || status=1
exit "$status"
