package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTextBeyondASCIIIsMeasuredBesideZerolog(t *testing.T) {
	var r report
	require.NoError(t, json.Unmarshal(runBench(t, "-texts", "-json"), &r))
	require.Empty(t, r.Settings)
	require.Len(t, r.Texts, 4)
	for i, x := range r.Texts {
		require.Equal(t, texts[i].name, x.Name)
		require.InDelta(t, 110, len(texts[i].line), 15, "bytes of %s", x.Name)
		require.Positive(t, x.Ours)
		require.Positive(t, x.Zerolog)
	}
	require.Len(t, r.Goals, 4)
}

func TestTheTextsHaveATableAndGoalsOfTheirOwn(t *testing.T) {
	text := string(runBench(t, "-texts", "-only", "Chinese"))
	require.Regexp(t, `(?m)^ +text +ns +zerolog ns\n +Chinese +\d`, text)
	require.Regexp(t, `(?m)^(met|MISSED) +Chinese: .* at most 1\.00$`, text)
	require.NotContains(t, text, "Cyrillic")
}
