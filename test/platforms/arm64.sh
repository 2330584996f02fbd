#!/usr/bin/env bash
# The tests of the library for arm64, under emulation: the core end-to-end cases, in a host for arm64, and the unit tests
# of what has assembly in it.
set -euo pipefail
source test/platforms/common.sh

# Where Debian's cross compiler has the C library.
root=${QEMU_LD_PREFIX:-/usr/aarch64-linux-gnu}

need "${COMPILER%% *}" gcc-aarch64-linux-gnu
need "$root/include/stdio.h" libc6-dev-arm64-cross
need qemu-aarch64 qemu-user
end_if_missing arm64

make --no-print-directory arm64-release
build_host bin/arm64/flbhost -rdynamic -ldl -lpthread

export QEMU_LD_PREFIX=$root

packages=(./aggregate ./compress ./plugins/... ./kinesis/...)

unit_tests() {
    export GOOS=linux GOARCH=arm64 CC=$COMPILER
    "$GO" vet . "${packages[@]}"
    "$GO" test -count=1 -timeout 40m -vet=off -exec qemu-aarch64 "${packages[@]}"
}

# Side by side, for each leaves much of two processors idle. Both are in the background: bash hears no signal while it
# waits for what is not.
log=bin/arm64/units.log
unit_tests >"$log" 2>&1 &
units=$!
FLBHOST_LIBRARY=$PWD/bin/kinesis-arm64.so FLBHOST_BINARY=$PWD/bin/arm64/flbhost FLBHOST_EXEC=qemu-aarch64 test_core &
core_cases=$!
trap 'kill $units $core_cases 2>/dev/null; exit 1' INT TERM
failed=0
wait $core_cases || failed=1
wait $units || failed=1
cat "$log"
exit $failed
