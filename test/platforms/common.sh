# What windows.sh and arm64.sh have in common. make runs them, in the root of the tree, with GO and COMPILER set.

# The core cases are the tests of these files: what becomes of records under every option, in number, and when the
# stream fails. They leave out what asks more of the machine than of the library.
core=(records recordoptions timekey headers brokenchunks compression aggregation volume delivery faults ledger roles)

# How many records the tests of volume send; natively it is 60,000.
records=10000

# need FILE PACKAGE notes the Debian package of a command, or of a file, that is not there.
missing=()
need() {
    command -v "$1" >/dev/null || [[ -e $1 ]] || missing+=("$2")
}

# Ends the run where something is missing. Only in CI is that a failure.
end_if_missing() {
    ((${#missing[@]})) || return 0
    echo "make test-$1 is skipped, for it needs more than is installed. On Debian:"
    echo "    apt-get install --no-install-recommends ${missing[*]}"
    case "${CI:-}" in
        '' | 0 | false) exit 0 ;;
    esac
    exit 1
}

# native runs a go command for this machine, whatever the cross build is for.
native() {
    env -u GOOS -u GOARCH -u CC "$@"
}

# Runs the core cases, with the library and the host that the environment names.
test_core() {
    local files=("${core[@]/#/test/}") tests
    tests=$(sed -n 's/^func \(Test[A-Za-z0-9_]*\)(.*/\1/p' "${files[@]/%/_test.go}" | paste -sd '|') || return
    native "$GO" test -count=1 -timeout 40m -run "^($tests)\$" ./test -records "$records"
}

# build_host FILE LIBRARIES... compiles the host program.
build_host() {
    local file=$1
    shift
    mkdir -p "$(dirname "$file")"
    $COMPILER -std=gnu99 -O2 -Wall -Wextra -o "$file" internal/flbhost/host/*.c "$@"
}
