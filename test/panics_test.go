package test

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// A panicPlace is a function of the plugin that is made to panic when PANIC_IN has
// its name: once, or in one of so many calls as PANIC_ODDS says.
type panicPlace struct{ dir, name, declaration string }

// panicPlaces are the entry points, past what guards them, what does the work of a
// flush in a goroutine of its own, and what many flushes meet in.
var panicPlaces = []panicPlace{
	{"..", "FLBPluginInit", `func kinesisInit\(`},
	{"..", "FLBPluginFlushCtx", `func flushCtx\(`},
	{"..", "FLBPluginFlush", `func flush\(`},
	{"..", "FLBPluginExitCtx", `func kinesisExitCtx\(`},
	{"..", "FLBPluginExit", `func kinesisExit\(`},
	{"../kinesis", "Output.Flush", `func \(o \*Output\) Flush\(`},
	{"../kinesis", "flush.handOver", `func \(f \*flush\) handOver\(`},
	{"../kinesis", "delivery.post", `func \(dl \*delivery\) post\(`},
}

// panicSource joins each package that has such a function. The odds are asked of
// nothing that goroutines share: it would order them, and hide races.
const panicSource = `
import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

var (
	places   = strings.Split(os.Getenv("PANIC_IN"), ",")
	odds, _  = strconv.Atoi(os.Getenv("PANIC_ODDS"))
	panicked atomic.Bool
)

func panicIn(function string) {
	if !slices.Contains(places, function) {
		return
	}
	if odds > 0 && rand.IntN(odds) == 0 || odds == 0 && !panicked.Swap(true) {
		panic("as a test has it: " + function)
	}
}
`

// panicking is the flag of go build by which the library has a call of panicIn in
// each place.
func panicking(t *testing.T) (flag string) {
	t.Helper()
	texts := map[string]string{}
	for of, name := range map[string]string{"..": "main", "../kinesis": "kinesis"} {
		texts[of+"/panic_in.go"] = "package " + name + "\n" + panicSource
		files, err := filepath.Glob(of + "/*.go")
		require.NoError(t, err)
		found := 0
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			changed, n := withPanics(string(text), of)
			if found += n; n > 0 {
				texts[file] = changed
			}
		}
		require.Equal(t, map[string]int{"..": 5, "../kinesis": 3}[of], found, "places found in %s", of)
	}
	return overlaid(t, texts)
}

// withPanics is a source file with the calls in it, and how many they are. In
// an entry point, a call comes after the guard that it is to test.
func withPanics(text, dir string) (changed string, n int) {
	for _, place := range panicPlaces {
		begin := regexp.MustCompile(`(?m)^` + place.declaration + `.*\{\n(\tdefer recovered\(.*\n)?`)
		if place.dir == dir && begin.MatchString(text) {
			text = begin.ReplaceAllString(text, "${0}\tpanicIn(\""+place.name+"\")\n")
			n++
		}
	}
	return text, n
}

func TestAPanicNeverTakesTheHostDown(t *testing.T) {
	library := filepath.Join(t.TempDir(), "panicking.so")
	require.NoError(t, flbhost.BuildLibrary(flbhost.LibraryBuild{Flags: []string{panicking(t)}}, library))
	s := runStream(t, kinesistest.Options{})
	configFor := func(place string, noContext bool) flbhost.Config {
		return hostConfig(s, flbhost.Config{Library: library, Workers: 2, NoContext: noContext, Env: []string{"PANIC_IN=" + place}})
	}
	// The line names the entry point, and has the stack with the function.
	requireSaid := func(t *testing.T, log, entry, place, function string) {
		t.Helper()
		requireLine(t, parseLog(log), "error", entry+": internal error: as a test has it: "+place+"\n", "goroutine ", function+"(")
	}

	for _, tc := range []struct {
		name, place, entry, function string
		noContext                    bool
	}{
		{"in an entry point", "FLBPluginFlushCtx", "FLBPluginFlushCtx", "main.flushCtx", false},
		{"in that of a host without contexts", "FLBPluginFlush", "FLBPluginFlush", "main.flush", true},
		{"in the work of a flush", "Output.Flush", "FLBPluginFlushCtx", "kinesis.(*Output).Flush", false},
		{"in the same for a host without contexts", "Output.Flush", "FLBPluginFlush", "kinesis.(*Output).Flush", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := flbhost.Run(t, configFor(tc.place, tc.noContext))
			for _, code := range []int{flbhost.Error, flbhost.OK} {
				result, err := h.Flush(0, "app.log", one(when, F("log", "x")).Bytes())
				require.NoError(t, err)
				require.Equal(t, code, result.Code, "the first call panics, the next is as good as ever")
			}
			require.NoError(t, h.Exit())
			requireSaid(t, h.Log(), tc.entry, tc.place, tc.function)
			require.Empty(t, h.Stderr())
			if runtime.GOOS == "linux" {
				require.NotContains(t, h.Log(), "_cgoexp_", "a thread of Fluent Bit waits outside Go, whose threads it would hold")
			}
		})
	}
	t.Run("at the start", func(t *testing.T) {
		_, err := flbhost.Start(configFor("FLBPluginInit", false))
		var refused *flbhost.InitError // and not an ExitError: the process has said so itself
		require.ErrorAs(t, err, &refused)
		require.Equal(t, flbhost.Error, refused.Code)
		requireSaid(t, refused.Log, "FLBPluginInit", "FLBPluginInit", "main.kinesisInit")
	})
	for entry, noContext := range map[string]bool{"FLBPluginExitCtx": false, "FLBPluginExit": true} {
		t.Run("at the end, in "+entry, func(t *testing.T) {
			h := flbhost.Run(t, configFor(entry, noContext))
			require.NoError(t, h.Exit())
			requireSaid(t, h.Log(), entry, entry, "main."+strings.Replace(entry, "FLBPlugin", "kinesis", 1))
		})
	}
}
