#!/usr/bin/env bash
# Runs fault scenarios at full size, with real processes: ./tests/faults/run.sh kill-owner … (without a name it tells which there are). Needs redis-server.
set -euo pipefail
cd "$(dirname "$0")/../.."
dotnet build tests/faults/Broker.Faults -c Release -v quiet --nologo
exec dotnet tests/faults/Broker.Faults/bin/Release/net10.0/Broker.Faults.dll "$@"
