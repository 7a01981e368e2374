#!/bin/sh
# Builds the kernel with AddressSanitizer and UndefinedBehaviorSanitizer and runs the fuzz target.
# Usage: run.sh [SECONDS] [SEED]. Uses libFuzzer where CXX is clang++, the target's own driver otherwise.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cxx=${CXX:-g++}
sanitize="-fsanitize=address,undefined -fno-sanitize-recover=all"
flags="-std=c++17 -O1 -g -Wall -Wextra -fno-strict-aliasing"
avx2= avx512=
case $(uname -m) in
  x86_64 | amd64)
    avx2="-mavx2 -mbmi -mbmi2 -mpopcnt -mlzcnt"
    # GCC 12 warns about its own header there
    avx512="-Wno-maybe-uninitialized -mavx512f -mavx512bw -mavx512dq -mavx512vl $avx2"
    ;;
esac
main=-DSTANDALONE
case $cxx in *clang*) main= sanitize="$sanitize -fsanitize=fuzzer-no-link" ;; esac
for source in ../common/instruction_sets variants sketcher keeper components variant_plain variant_avx2 variant_avx512; do
  extra=
  case $source in variant_avx2) extra=$avx2 ;; variant_avx512) extra=$avx512 ;; esac
  # shellcheck disable=SC2086
  $cxx $flags $sanitize $extra -I "$here/../.." -c "$here/../$source.cpp" -o "$work/$(basename "$source").o"
done
link=$sanitize
[ -n "$main" ] || link="$sanitize -fsanitize=fuzzer"
# shellcheck disable=SC2086
$cxx $flags $link $main -I "$here/../.." "$here/../fuzz.cpp" "$work"/*.o -o "$work/fuzz"
if [ -n "$main" ]; then
  "$work/fuzz" "${1:-5}" "${2:-1}"
else
  "$work/fuzz" -max_total_time="${1:-5}" -seed="${2:-1}" -max_len=10000
fi
