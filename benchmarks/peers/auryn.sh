#!/usr/bin/env bash
# Builds Auryn 8.3 (its library alone: -O3 -march=native -ffast-math) and auryn_workloads.cpp where necessary, then runs one workload.
# Usage:  AURYN=<folder of an Auryn checkout> auryn.sh W1|W2|W3 [seconds to simulate [seed]]
# Needs:  Debian's cmake, g++, libboost-all-dev, libopenmpi-dev
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${AURYN:?must name the folder of an Auryn checkout}"
build=$AURYN/build/release
program=$build/auryn_workloads
if [ ! -f "$build/src/libauryn.a" ]; then
    mkdir -p "$build"
    cmake -S "$AURYN" -B "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE="-O3 -DNDEBUG" >"$build/cmake.log"
    make -C "$build" auryn >"$build/make.log" 2>&1
fi
if [ "$here/auryn_workloads.cpp" -nt "$program" ]; then
    mpicxx -std=c++17 -O3 -DNDEBUG -march=native -ffast-math -w -I"$AURYN/src" "$here/auryn_workloads.cpp" "$build/src/libauryn.a" \
        -lboost_mpi -lboost_serialization -lboost_program_options -lboost_system -lboost_filesystem -o "$program"
fi
cd "$build"   # where it leaves its logs
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
exec "$program" "$@"
