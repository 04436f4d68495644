#!/usr/bin/env bash
# The workloads of benchmarks/README.md in Shunt and in the simulators it is compared with, one after the other on one thread: processor seconds of the simulation loop.
# Usage:  benchmarks/compare.sh [W1 W2 W3 ...]      AURYN=<folder of an Auryn checkout> adds Auryn; Brian2 is used where 'python3 -c "import brian2"' works
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ $# -gt 0 ] || set -- W1 W2 W3
python=
for p in /usr/bin/python3 python3; do $p -c 'import brian2' 2>/dev/null && python=$p && break; done
field() { grep -oE "\"$1\":[^,}]*" | head -n 1 | cut -d: -f2; }
shunt() {
    local json
    json=$("$here/../shunt" simulate "$here/workloads/${1,,}.yaml" --threads "$2" --json --quiet 2>/dev/null)
    printf '%s  Shunt, %s thread(s)  cpu %.3f s  wall %.3f s  rate %.2f Hz  CV %.3f\n' "$1" "$2" "$(field sim_cpu_s <<<"$json")" "$(field sim_s <<<"$json")" \
        "$(field rate_hz <<<"$json")" "$(field cv_isi <<<"$json")"
}
for workload; do
    for run in 1 2 3; do shunt "$workload" 1; done
    for run in 1 2 3; do shunt "$workload" 2; done
    [ -z "${AURYN:-}" ] || { "$here/peers/auryn.sh" "$workload" 2>/dev/null; "$here/peers/auryn.sh" "$workload" 2>/dev/null; }
    [ -z "$python" ] || for variant in as-written sorted; do "$python" "$here/peers/brian2_workload.py" "$workload" "$variant" 2>/dev/null; done
    [ -z "$python" ] || [ "$workload" = W1 ] || "$python" "$here/peers/brian2_workload.py" "$workload" sorted --method exponential_euler 2>/dev/null
    for run in 1 2 3; do shunt "$workload" 1; done
done
