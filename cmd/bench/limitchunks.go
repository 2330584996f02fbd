package main

import (
	"math/rand/v2"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// numberKey is the first key of a record at the limit: its number.
const numberKey = "n"

// chunks are those of one process of the setting. Records are as in makeChunks,
// with their number in front. Each process has its share of the numbers; half of
// the traffic on one key is the second half of them.
func (s limitSetting) chunks(records, part int) [][]byte {
	if s.hot {
		return s.hotChunks(records)
	}
	share := max(1, s.processes)
	random := rand.New(rand.NewPCG(1, uint64(part)))
	return numberedChunks(records*part/share, records*(part+1)/share, s.perChunk, func() int { return random.IntN(containers) })
}

// hotChunks are the chunks of others and those of the hot key in turn, so that
// each worker, as they are dealt out in turn, has those of one kind: as Fluent Bit
// makes them, with a tag for each container, and one container that writes as much
// as all others. The keys of the others are of other shards: what asks for a full
// shard shares it.
func (s limitSetting) hotChunks(records int) (chunks [][]byte) {
	const hot = 0
	random := rand.New(rand.NewPCG(1, 0))
	others := containersElsewhere(hot)
	cold := numberedChunks(0, records/2, s.perChunk, func() int { return others[random.IntN(len(others))] })
	if s.withoutHot {
		return cold
	}
	same := numberedChunks(records/2, records, s.perChunk, func() int { return hot })
	for i := range max(len(cold), len(same)) {
		if i < len(cold) {
			chunks = append(chunks, cold[i])
		}
		if i < len(same) {
			chunks = append(chunks, same[i])
		}
	}
	return chunks
}

// containersElsewhere are the containers whose records go to another shard than
// those of this one.
func containersElsewhere(than int) (others []int) {
	shard := func(container int) uint64 { // of limitShards equal ones
		return kinesistest.HashOf(containerID(container)).Hi >> 32 * limitShards >> 32
	}
	for i := 0; len(others) < containers-1; i++ {
		if shard(i) != shard(than) {
			others = append(others, i)
		}
	}
	return others
}

// numberedChunks are of the records from a number up to another.
func numberedChunks(from, to, perChunk int, container func() int) (chunks [][]byte) {
	in := input{perChunk: perChunk}
	var chunk flbhost.Chunk
	at := time.Unix(1_790_000_000, 0)
	for n := from; n < to; n++ {
		body := append([]flbhost.Field{flbhost.F(numberKey, n)}, fields(accessLine(n), container())...)
		chunk.Append(flbhost.WithMetadata(at), body...)
		if in.full(&chunk) || n == to-1 {
			chunks = append(chunks, append([]byte(nil), chunk.Bytes()...))
			chunk.Reset()
		}
	}
	return chunks
}
