package test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// TestTheRaceDetectorFindsNothingWithEightWorkersAndFaults runs the plugin with the race detector in it:
// the first race would end the process.
func TestTheRaceDetectorFindsNothingWithEightWorkersAndFaults(t *testing.T) {
	faults := kinesistest.Faults{ThrottleRecords: 0.05, FailRecords: 0.02, FailRequests: 0.05, CutAfter: 0.02, DelayJitter: 2 * time.Millisecond}
	s := setStage(t, kinesistest.Options{Seed: 61, Faults: faults, SkipOverlaps: true},
		flbhost.Config{Race: true, Workers: 8, RetryLimit: flbhost.NoLimit},
		options{"delivery_timeout": "100ms"},
		options{"delivery_timeout": "100ms", "partition_key": "container", "time_key": "time", "replace_dots": "_"},
		options{"delivery_timeout": "100ms", "partition_key": "container", "aggregation": "on", "compression": "gzip"},
		options{"partition_key": "container", "experimental_concurrency": "3", "experimental_concurrency_retries": "100"})
	l := keyedLines(8000, 500, 40)
	var jobs []*flbhost.Job
	for instance := range 4 {
		for _, chunk := range l.chunks {
			jobs = append(jobs, s.host.Go(instance, "tag", chunk))
		}
	}
	requireTaken(t, jobs)
	require.NoError(t, s.host.Exit())
	require.NotContains(t, s.host.Stderr(), "DATA RACE")
}

// Outputs with sixteen workers each are ended in the middle of their work, again and
// again, and begun anew, while flushes and deliveries of theirs panic. What was not
// taken is offered to the next, which knows from the ledger's file what landed.
func TestTheRaceDetectorFindsNothingWithSixteenWorkersExitsAndPanics(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "racing")
	require.NoError(t, flbhost.BuildRace(flbhost.LibraryBuild{Flags: []string{panicking(t)}}, binary))
	faults := kinesistest.Faults{ThrottleRecords: 0.01, FailRecords: 0.01, FailRequests: 0.02, Delay: time.Millisecond, DelayJitter: 4 * time.Millisecond}
	streams := map[string]int{"plain": 4, "by-key": 4, "packed": 4, "background": 4}
	s := runStream(t, kinesistest.Options{Seed: 62, Streams: streams, Faults: faults, UserKeys: userKeys})
	dir := t.TempDir()
	sections := []options{
		{"stream": "plain", "ledger_file": filepath.Join(dir, "plain")},
		{"stream": "by-key", "ledger_file": filepath.Join(dir, "by-key"), "partition_key": "container"},
		{"stream": "packed", "ledger_file": filepath.Join(dir, "packed"), "partition_key": "container", "aggregation": "true", "aggregation_shard_map": "true"},
		{"stream": "background", "experimental_concurrency": "4", "experimental_concurrency_retries": "1000", "partition_key": "container"},
	}
	l := smallChunks(4000, 40)
	for range 4 {
		l.add(900, 40) // more than a request has room for
	}
	c := &cutShort{lot: l, left: make([][]int, len(sections)), panicked: make([][]int, len(sections))}
	for i := range sections {
		for chunk := range l.chunks {
			c.left[i] = append(c.left[i], chunk)
		}
	}
	for process := 0; c.waiting(); process++ {
		require.Less(t, process, 20)
		h := flbhost.Run(t, hostConfig(s, flbhost.Config{Binary: binary, Library: flbhost.Linked, Workers: 16, RetryLimit: flbhost.NoLimit,
			Env: []string{"PANIC_IN=flush.handOver,delivery.post", "PANIC_ODDS=20"}}, sections...))
		landed := s.Stats().Landed
		jobs, records := c.offer(h)
		interrupted := process < 3 && records > 5000 // of fewer a thousand may have landed before, or be lost to panics
		if interrupted {
			eventually(t, "it is in the middle of its work", func() bool { return s.Stats().Landed > landed+1000 })
			require.NoError(t, h.Exit())
		}
		c.collect(t, jobs)
		if !interrupted {
			require.NoError(t, h.Exit())
		}
		require.NotContains(t, h.Stderr(), "DATA RACE")
	}
	for i, section := range sections {
		c.requireLanded(t, i, takenApart(t, s.Records(section["stream"])), section["experimental_concurrency"] != "")
	}
	require.Zero(t, s.Stats().Overlaps)
	require.NotEmpty(t, slices.Concat(c.panicked...), "flushes panicked")
}

// A cutShort is a lot that several outputs have to send, of processes that end
// before they are done.
type cutShort struct {
	lot      *lot
	left     [][]int // by output: chunks that are to be offered
	panicked [][]int // by output: chunks whose flush did, of which some may have landed
}

func (c *cutShort) waiting() bool { return len(slices.Concat(c.left...)) > 0 }

// offer offers the chunks that are left, and tells how many records they have.
func (c *cutShort) offer(h *flbhost.Host) (jobs [][]*flbhost.Job, records int) {
	size := map[int]int{}
	for _, chunk := range c.lot.chunk {
		size[chunk]++
	}
	jobs = make([][]*flbhost.Job, len(c.left))
	for i, left := range c.left {
		for _, chunk := range left {
			jobs[i] = append(jobs[i], h.Go(i, "file "+decimal(chunk)+".log", c.lot.chunks[chunk]))
			records += size[chunk]
		}
	}
	return jobs, records
}

// collect leaves the chunks to be offered again that were not taken.
func (c *cutShort) collect(t *testing.T, jobs [][]*flbhost.Job) {
	t.Helper()
	for i := range jobs {
		var left []int
		results, err := flbhost.WaitAll(jobs[i]...)
		require.NoError(t, err)
		for j, result := range results {
			switch chunk := c.left[i][j]; result.Code {
			case flbhost.OK:
			case flbhost.Error:
				c.panicked[i] = append(c.panicked[i], chunk)
			default:
				left = append(left, chunk)
			}
		}
		c.left[i] = left
	}
}

// requireLanded requires that the records of an output landed once, and none of them
// twice where some may be lost.
func (c *cutShort) requireLanded(t *testing.T, output int, found []landing, mayLose bool) {
	t.Helper()
	times := map[string]int{}
	for _, r := range found {
		times[r.data]++ // in which there is its number
	}
	var wrong mistakes
	for n, r := range c.lot.want {
		if got := times[r.data]; got > 1 || got == 0 && !mayLose && !slices.Contains(c.panicked[output], c.lot.chunk[n]) {
			wrong.add(decimal(got) + " times " + r.data)
		}
		delete(times, r.data)
	}
	require.Zero(t, wrong.n, "output %d: %s", output, &wrong)
	require.Empty(t, times, "output %d has what nobody sent", output)
}
