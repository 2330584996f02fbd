package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStreamsOfATemplateAreMeasuredBesideThoseInTrouble(t *testing.T) {
	t.Parallel()
	text := string(runBench(t, "-streams", "-records", "4000"))
	require.Contains(t, text, "2400 records to 40 streams, of which one does not exist, one throttles all, one is denied; 1 passes\n")
	require.Regexp(t, `(?m)^until the last record of the other 37 was there:\nleast +\d+ ms beside these, +\d+ ms alone: [+-]\d+%\nmedian +\d+ ms`, text)
}
