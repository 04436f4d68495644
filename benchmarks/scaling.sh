#!/usr/bin/env bash
# The measurements of docs/scaling.md: one network on 1, 2 and 4 ranks (strong scaling), one that grows with the ranks (weak scaling), exchanges against spikes, and single ranks of large jobs.
# Usage:  benchmarks/scaling.sh [strong weak spikes pretend ...]      MPIRUN="mpirun.mpich" RANKS="1 2" takes another launcher (MPICH with more ranks than cores takes hours), other numbers of ranks
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ $# -gt 0 ] || set -- strong weak spikes pretend
mpirun=${MPIRUN:-mpirun.openmpi --oversubscribe $([ "$(id -u)" != 0 ] || echo --allow-run-as-root)}
ranks_to_measure=${RANKS:-1 2 4}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
export TERM=dumb
field() { grep -oE "\"$1\":[^,}]*" | head -n 1 | cut -d: -f2; }

# label, ranks, file and options: what was expected and what it took
measure() {
    local label=$1 ranks=$2 json estimate launch=()
    shift 2
    [ "$ranks" = 1 ] || read -ra launch <<<"$mpirun -n $ranks"
    estimate=$(./shunt estimate "$@" --threads 1 --ranks "$ranks" --json --quiet 2>/dev/null)
    for _ in 1 2 3; do
        json=$("${launch[@]}" ./shunt simulate "$@" --threads 1 --json --quiet --out "$out/run" 2>/dev/null)
        rm -rf "$out/run"
        printf '%-22s %s rank(s)  build %.2f s (estimate %.2f)  loop %.3f s (%.3f)' "$label" "$ranks" \
            "$(field build_s <<<"$json")" "$(field build_s <<<"$estimate")" "$(field sim_s <<<"$json")" "$(field sim_s <<<"$estimate")"
        [ "$ranks" = 1 ] || printf '  spikes %d  exchanges %d  sent %d B (%.0f)  wait %.3f s  transfer %.3f s  coding %.3f s (%.3f)' \
            "$(field spikes <<<"$json")" "$(field exchanges <<<"$json")" "$(field bytes_sent <<<"$json")" "$(field bytes_sent <<<"$estimate")" \
            "$(field wait_s <<<"$json")" "$(field transfer_s <<<"$json")" "$(field coding_s <<<"$json")" "$(field coding_s <<<"$estimate")"
        printf '  %s\n' "$(field spikes_sha256 <<<"$json" | cut -c 2-9)"
    done
}

# label, ranks, rank, threads, file and options
pretend() {
    local label=$1 ranks=$2 rank=$3 threads=$4
    shift 4
    echo "$label, rank $rank of $ranks, $threads thread(s)"
    ./shunt estimate "$@" --ranks "$ranks" --pretend "$rank" --threads "$threads" --quiet
}

w1=benchmarks/workloads/w1.yaml
millisecond=(--set "delays={E: 1..10 ms, I: 1..10 ms}") # between exchanges
for part; do
    case $part in
        strong)
            for ranks in $ranks_to_measure; do measure "W1, each step" $ranks $w1; done
            for ranks in $ranks_to_measure; do measure "W1, each 1 ms" $ranks $w1 "${millisecond[@]}"; done
            ;;
        weak)
            for ranks in $ranks_to_measure; do
                measure "5000 neurons a rank" $ranks $w1 --set populations.E.size=$((4000 * ranks)) --set populations.I.size=$((1000 * ranks)) "${millisecond[@]}"
            done
            ;;
        spikes) for rate in 15 25 50 100; do measure "W1, input $rate Hz" 2 $w1 "${millisecond[@]}" --set "input.rate=$rate Hz"; done ;;
        pretend)
            short=(--set "simulation.duration=0.1 s" --set simulation.warmup=0s)
            for ranks in 8 32 128; do pretend "100,000 neurons, K = 1000" $ranks $((ranks / 2)) 1 $w1 --set populations.E.size=80000 --set populations.I.size=20000 "${millisecond[@]}" "${short[@]}" --set theory.method=exact-jump; done
            for rank in 0 500; do pretend "ten million neurons" 1000 $rank 1 benchmarks/workloads/ranks.yaml "${short[@]}"; done
            pretend "ten million neurons" 1000 500 2 benchmarks/workloads/ranks.yaml "${short[@]}"
            pretend "ten million neurons, constant delays" 1000 500 1 benchmarks/workloads/ranks.yaml "${short[@]}" --set "delays={E: 1 ms, I: 1 ms}"
            ;;
        *) echo "unknown part '$part'; there are strong, weak, spikes, pretend" >&2 && exit 2 ;;
    esac
done
