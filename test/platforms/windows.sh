#!/usr/bin/env bash
# The tests of the library for Windows, on Windows or under wine: the core end-to-end cases, in a host for Windows, and
# unit tests.
#
# wine gets a folder of its own for what it takes for a computer, with everything in it that it writes. Paths of this
# system are paths on its drive Z, which is the current one, so that they need no translation.
set -euo pipefail
source test/platforms/common.sh

# The first of these files or commands that there is.
first_of() {
    local candidate
    for candidate; do
        command -v "$candidate" && return
    done
    return 0
}

# The packages whose tests remove no files: those are what wine 8 cannot do as Go asks it to.
packages=(./aggregate ./compress ./plugins/... ./kinesis/record)

# On Windows itself there is no wine, and every file can be removed. The shell there has names of its own for folders.
on_windows() {
    export FLBHOST_LIBRARY FLBHOST_BINARY
    FLBHOST_LIBRARY=$(cygpath -m "$PWD/bin/kinesis.dll")
    FLBHOST_BINARY=$(cygpath -m "$PWD/bin/windows/flbhost.exe")
    test_core
    "$GO" vet . ./kinesis/...
    "$GO" test -count=1 -timeout 20m "${packages[@]}" ./kinesis ./kinesis/ledger
}

wine=$(first_of wine64 /usr/lib/wine/wine64 wine)
server=$(first_of wineserver /usr/lib/wine/wineserver)
need "${COMPILER%% *}" gcc-mingw-w64-x86-64
[[ ${OS:-} == Windows_NT || $wine && $server ]] || missing+=(wine64)
end_if_missing windows

make --no-print-directory windows-release COMPILER="$COMPILER"
build_host bin/windows/flbhost.exe
if [[ ${OS:-} == Windows_NT ]]; then
    on_windows
    exit
fi

WINEPREFIX=$(mktemp -d "$PWD/bin/windows/wine.XXXXXX")
export WINEPREFIX WINEARCH=win64 WINEDEBUG=${WINEDEBUG:--all}
# No menu entries in the user's folders, no questions about what could be installed.
export WINEDLLOVERRIDES='winemenubuilder.exe,mscoree,mshtml=d'
unset DISPLAY WAYLAND_DISPLAY

remove_wine() {
    "$server" -k >/dev/null 2>&1 || true # fails where it has not started
    rm -rf "$WINEPREFIX"
}
trap remove_wine EXIT

# Without a server that stays, each test starts one, and one that is about to end may still be asked. What wine starts in
# the background keeps its standard output: a file, lest somebody waits for the end of a pipe.
log=bin/windows/wine.log
if ! { "$server" -p && "$wine" wineboot --init; } </dev/null >"$log" 2>&1; then
    echo "wine does not start:"
    cat "$log"
    exit 1
fi

# Go's runtime takes random numbers from bcryptprimitives.dll, which not every wine has; that of Debian 12 has not.
system=$WINEPREFIX/drive_c/windows/system32
if [[ ! -e $system/bcryptprimitives.dll ]]; then
    $COMPILER -std=gnu99 -O2 -Wall -Wextra -shared -s -o "$system/bcryptprimitives.dll" \
        test/platforms/bcryptprimitives.c -ladvapi32
fi

FLBHOST_LIBRARY=$PWD/bin/kinesis.dll FLBHOST_BINARY=$PWD/bin/windows/flbhost.exe FLBHOST_EXEC=$wine test_core

export GOOS=windows GOARCH=${GOARCH:-amd64} CC=$COMPILER
"$GO" vet . ./kinesis/...
"$GO" test -count=1 -timeout 20m -exec "$wine" "${packages[@]}"
