package match

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// messages are n bytes each, of kinds in which there is more or less to find.
func messages(n int) map[string][]byte {
	rnd := rand.New(rand.NewPCG(uint64(n), 3))
	random, few := make([]byte, n), make([]byte, n)
	for i := range random {
		random[i] = byte(rnd.Uint32())
		few[i] = "ab"[rnd.IntN(2)]
	}
	var text strings.Builder
	for text.Len() < n {
		fmt.Fprintf(&text, `{"log":"order %d took %dms","stream":"stdout","host":"ip-10-0-0-%d"}`, rnd.IntN(1e6), rnd.IntN(900), rnd.IntN(256))
	}
	return map[string][]byte{"text": []byte(text.String()[:n]), "random": random, "two letters": few, "zeros": make([]byte, n)}
}

func TestSequencesSayTheMessage(t *testing.T) {
	f, everywhere := new(Finder), Everywhere(MaxLen)
	for _, search := range []Search{{Depth: 1, Nice: 32, Most: MaxLen}, {Depth: 16, Nice: 64, Lazy: true, Most: 258}} {
		for n := 0; n <= MaxLen; n += 1 + n/100 {
			for name, src := range messages(n) {
				sequences, rest := f.Find(src, search, &everywhere)
				var got []byte
				for _, s := range sequences {
					require.GreaterOrEqual(t, s.Length, uint16(MinLength))
					require.LessOrEqual(t, int(s.Length), search.Most)
					got = append(got, src[len(got):len(got)+int(s.Literals)]...)
					for range s.Length {
						got = append(got, got[len(got)-int(s.Distance)])
					}
				}
				got = append(got, src[len(src)-rest:]...)
				require.True(t, bytes.Equal(src, got), "%s of %d bytes", name, n)
			}
		}
	}
}

func TestLinksLeadToTheSameFourBytes(t *testing.T) {
	f := new(Finder)
	for name, src := range messages(MaxLen) {
		f.link(src)
		linked := 0
		for pos, before := range f.prev[:len(src)-MinLength+1] {
			if before > 0 {
				linked++
				require.Less(t, int(before)-1, pos, name)
				require.Equal(t, src[before-1:before-1+MinLength], src[pos:pos+MinLength], name)
			}
		}
		if name == "text" || name == "zeros" {
			require.Greater(t, linked, len(src)/2, name)
		}
	}
}

func TestMatchesThatDoNotPayAreLeftOut(t *testing.T) {
	src := []byte("abcd, 1234567890, abcd; efghijklmnopqrst, abcdefghijklmnopqrst")
	far := Everywhere(MaxLen)
	far[4] = 20
	sequences, _ := new(Finder).Find(src, Search{Depth: 1, Nice: 32, Most: MaxLen}, &far)
	require.Equal(t, Sequence{Literals: 18, Length: 4, Distance: 18}, sequences[0])
	far[4] = 17
	sequences, _ = new(Finder).Find(src, Search{Depth: 1, Nice: 32, Most: MaxLen}, &far)
	require.NotEqual(t, uint16(4), sequences[0].Length)
}
