#!/bin/bash
# Builds Auryn 8.3 (library only, release: -O3 -march=native -ffast-math) and auryn_workloads.cpp if needed, then runs one workload.
# Usage:  auryn.sh W1|W2|W3 [seconds to simulate [seed]]        auryn.sh build   only builds
# Needs:  apt-get install cmake g++ libboost-all-dev libopenmpi-dev
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
auryn=${AURYN:-/tmp/auryn}
source_repository=${AURYN_REPOSITORY:-/work/.mirror/fzenke+auryn/repo}
build=$auryn/build/release

[ -d "$auryn" ] || git clone --quiet "$source_repository" "$auryn"
if [ ! -f "$build/src/libauryn.a" ]; then
    cmake -S "$auryn" -B "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE="-O3 -DNDEBUG" > "$here/cmake.log"   # CMakeLists adds -march=native -ffast-math
    nice -n 19 make -C "$build" -j1 auryn > "$here/make.log" 2>&1
fi
program=$here/auryn_workloads
if [ "$program.cpp" -nt "$program" ] || [ "$build/src/libauryn.a" -nt "$program" ]; then
    OMPI_CXX=g++ nice -n 19 mpicxx -std=c++17 -O3 -DNDEBUG -march=native -ffast-math -w -I"$auryn/src" "$program.cpp" "$build/src/libauryn.a" \
        -lboost_mpi -lboost_serialization -lboost_program_options -lboost_system -lboost_filesystem -o "$program"
fi
[ "${1:-}" = build ] && exit 0
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
exec ${NICE:-} "$program" "$@"
