package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
)

func TestTheLibraryIsMeasuredAsItIs(t *testing.T) {
	var r report
	require.NoError(t, json.Unmarshal(runBench(t, "-size", "-json"), &r))
	require.Empty(t, r.Settings)
	library, err := flbhost.Library()
	require.NoError(t, err)
	file, err := os.Stat(library)
	require.NoError(t, err)
	require.Equal(t, file.Size(), r.Size.Library)
	require.Positive(t, r.Size.Fastest)
	require.LessOrEqual(t, r.Size.Fastest, r.Size.Load)
	require.Positive(t, r.Size.First)
	require.Positive(t, r.Size.Host)
	require.Greater(t, r.Size.Idle, r.Size.Host)
	require.Len(t, r.Goals, 4)
}

func TestTheLibraryHasATableAndGoalsOfItsOwn(t *testing.T) {
	r := &sizeResult{Library: 15_100_000, Load: 2.94, Fastest: 1.5, First: 7, Host: 1.3, Idle: 16.2, Further: 0.5}
	b := bench{size: r}
	var out strings.Builder
	require.NoError(t, b.print(&out))
	text := out.String()
	require.Regexp(t, `(?m)^ +bytes +load ms +fastest ms +first ms +host MB +one instance MB +each further MB *\n +15100000 +2\.9 +1\.5 +7\.0 +1\.3 +16\.2 +0\.50`, text)
	require.Regexp(t, `(?m)^MISSED +the library: MB +15\.10 +at most 15\.00$`, text)
	require.Regexp(t, `(?m)^met +the library: ms to load +2\.9 +at most 3\.0$`, text)
	require.Regexp(t, `(?m)^met +idle: .* one instance, MB +16\.2 +at most 30\.0$`, text)
	require.Regexp(t, `(?m)^met +idle: .* each further instance, MB +0\.50 +at most 3\.00$`, text)
}
