package test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// byShard packs the records of containerLines by shard.
var byShard = with(byContainer, "aggregation_shard_map", "on")

// misplaced counts the user records that do not lie on the shard that their own
// key asked for among those that were open then.
func misplaced(t *testing.T, s *kinesistest.Server, records []kinesistest.Record) (n int) {
	t.Helper()
	ranges := rangesOf(s, streamName)
	users, _, err := plainView.UserRecords(records)
	require.NoError(t, err)
	k := newKCL(t)
	for _, u := range users {
		if !ranges[u.In.ShardID].has(k.hashOf(u.PartitionKey)) {
			n++
		}
	}
	return n
}

// learned waits until the plugin knows that the stream has so many shards.
func learned(t *testing.T, h *flbhost.Host, shards int) {
	t.Helper()
	what := "aggregation_shard_map: the stream has " + decimal(shards) + " open shards"
	eventually(t, "the log says "+what, func() bool { return len(logOf(h).with("info", what)) > 0 })
}

// denyListShards has the service refuse ListShards, or allows it again.
func denyListShards(t *testing.T, s *kinesistest.Server, deny bool) {
	t.Helper()
	faults := kinesistest.Faults{}
	if deny {
		faults = kinesistest.Faults{AnswerError: 1, Error: kinesistest.ErrorNamed("AccessDeniedException")}
	}
	require.NoError(t, s.SetFaultsFor("ListShards", faults))
}

const notListed = "aggregation_shard_map: the shards of the stream cannot be listed"

func TestWithTheShardMapEachRecordLiesOnTheShardOfItsOwnKey(t *testing.T) {
	l := containerLines(20_000, 2500, 40)
	for _, shards := range []int{1, 4, 64, 1100} { // ListShards gives 1000 at a time
		t.Run(decimal(shards)+" shards", func(t *testing.T) {
			s := setStage(t, kinesistest.Options{Streams: map[string]int{streamName: shards}, UserKeys: plainView.UserKeys},
				flbhost.Config{Workers: 4}, byShard)
			flushAll(t, s.host, 0, l.chunks...)
			records := s.stream.Records(streamName)
			require.Zero(t, misplaced(t, s.stream, records))
			kclReads(t, s.stream, streamName).requireKept(l)
			l.requireOrder(t, s.stream)
			require.Zero(t, s.stream.Stats().Overlaps)
			require.LessOrEqual(t, len(records), len(l.chunks)*min(shards, 40), "an aggregate for each chunk and shard")
			require.EqualValues(t, (shards+999)/1000, s.stream.Stats().Operations["ListShards"])
			requireNoLine(t, exitLog(t, s.host), "warning")
		})
	}
}

func TestAfterAReshardRecordsAreMisplacedUntilTheShardsAreLearnedAndNoneIsLostToTheKCL(t *testing.T) {
	l := containerLines(6000, 500, 40)
	for _, x := range []struct {
		name   string
		before int
		after  int
	}{
		{"into more shards", 4, 6},
		{"into fewer shards", 5, 3},
		{"one shard split", 1, 2},
		{"all shards merged", 4, 1},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := setStage(t, kinesistest.Options{Streams: map[string]int{streamName: x.before}}, flbhost.Config{}, byShard)
			flushAll(t, s.host, 0, l.chunks[:4]...)
			require.Zero(t, misplaced(t, s.stream, s.stream.Records(streamName)))

			require.NoError(t, s.stream.Reshard(streamName, x.after))
			flushAll(t, s.host, 0, l.chunks[4]) // by a map that is wrong
			flushAll(t, s.host, 0, l.chunks[5:8]...)
			learned(t, s.host, x.after)
			after := len(s.stream.Records(streamName))
			flushAll(t, s.host, 0, l.chunks[8:]...)

			records := s.stream.Records(streamName)
			require.Zero(t, misplaced(t, s.stream, records[after:]))
			kclReads(t, s.stream, streamName).requireKept(l)
			l.requireOnce(t, s.stream)
			l.requireOrder(t, s.stream)
			requireNoLine(t, exitLog(t, s.host), "warning")
		})
	}
}

func TestAReshardWhileFourWorkersFlushLosesNothing(t *testing.T) {
	l := containerLines(20_000, 500, 40)
	s := setStage(t, kinesistest.Options{UserKeys: plainView.UserKeys, Faults: kinesistest.Faults{ThrottleRecords: 0.05}},
		flbhost.Config{Workers: 4, RetryLimit: flbhost.NoLimit}, byShard)
	half := len(l.chunks) / 2
	var jobs []*flbhost.Job
	for _, chunk := range l.chunks[:half] {
		jobs = append(jobs, s.host.Go(0, "app.log", chunk))
	}
	eventually(t, "something has landed", func() bool { return s.stream.Stats().Landed > 10 })
	require.NoError(t, s.stream.Reshard(streamName, 7))
	requireTaken(t, jobs)
	flushAll(t, s.host, 0, l.chunks[half]) // so that a record tells that there has been a reshard
	learned(t, s.host, 7)
	learnedAt := len(s.stream.Records(streamName))
	flushAll(t, s.host, 0, l.chunks[half+1:]...)

	l.requireOnce(t, s.stream)
	kclReads(t, s.stream, streamName).requireKept(l)
	require.Zero(t, s.stream.Stats().Overlaps)
	require.Zero(t, misplaced(t, s.stream, s.stream.Records(streamName)[learnedAt:]))
}

func TestWhereTheShardsCannotBeListedRecordsArePackedWithout(t *testing.T) {
	l := containerLines(5000, 2500, 40)
	for _, x := range []struct {
		name   string
		faults kinesistest.Faults
		said   string
	}{
		{"denied", kinesistest.Faults{AnswerError: 1, Error: kinesistest.ErrorNamed("AccessDeniedException")}, "AccessDeniedException"},
		{"throttled", kinesistest.Faults{AnswerError: 1, Error: kinesistest.ErrorNamed("LimitExceededException")}, "LimitExceededException"},
		{"failing", kinesistest.Faults{FailRequests: 1}, "InternalFailure"},
		{"answered by a proxy", kinesistest.Faults{BadGateway: 1}, "HTTP status 502"},
		{"cut off", kinesistest.Faults{CutWithin: 1}, "EOF"},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := runStream(t, kinesistest.Options{})
			require.NoError(t, s.SetFaultsFor("ListShards", x.faults))
			h := runHost(t, s, flbhost.Config{Workers: 2}, byShard)
			flushAll(t, h, 0, l.chunks...)
			kclReads(t, s, streamName).requireKept(l)
			log := exitLog(t, h)
			requireLine(t, log, "warning", "[kinesis 0] "+notListed, x.said)
			require.Empty(t, log.texts("error"))
		})
	}
}

func TestTheShardsAreLearnedOnceThatIsAllowed(t *testing.T) {
	l := containerLines(2000, 1000, 40)
	s := runStream(t, kinesistest.Options{})
	denyListShards(t, s, true)
	h := runHost(t, s, flbhost.Config{}, byShard)
	flushAll(t, h, 0, l.chunks[0])
	require.NotZero(t, misplaced(t, s, s.Records(streamName)))
	denyListShards(t, s, false)
	learned(t, h, 4)
	before := len(s.Records(streamName))
	flushAll(t, h, 0, l.chunks[1])
	require.Zero(t, misplaced(t, s, s.Records(streamName)[before:]))
	kclReads(t, s, streamName).requireKept(l)
}

func TestAMapThatIsKnownToBeWrongAndCannotBeRenewedIsNotUsed(t *testing.T) {
	l := containerLines(3000, 500, 40)
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, byShard)
	flushAll(t, s.host, 0, l.chunks[0])
	require.NoError(t, s.stream.Reshard(streamName, 7))
	denyListShards(t, s.stream, true)
	flushAll(t, s.host, 0, l.chunks[1])
	wrong := len(s.stream.Records(streamName))
	require.Equal(t, 2*4, wrong, "an aggregate for each chunk and shard of the map")
	eventually(t, "the log says that the shards cannot be listed", func() bool { return len(logOf(s.host).with("warning", notListed)) > 0 })
	flushAll(t, s.host, 0, l.chunks[2:]...)
	require.Len(t, s.stream.Records(streamName)[wrong:], len(l.chunks[2:]), "one for each chunk without")
	l.requireOnce(t, s.stream)
	kclReads(t, s.stream, streamName).requireKept(l)
}

func TestTheShardsAreListedOnlyWhereThatIsOfUse(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	unused := []options{
		{"aggregation_shard_map": "on"},
		{"aggregation_shard_map": "on", "partition_key": "container_id"},
		{"aggregation_shard_map": "on", "aggregation": "on"},
		{"aggregation_shard_map": "off", "aggregation": "on", "partition_key": "container_id"},
	}
	h := runHost(t, s, flbhost.Config{}, unused...)
	l := containerLines(100, 100, 40)
	for i := range unused {
		flushAll(t, h, i, l.chunks...)
	}
	log := exitLog(t, h)
	require.Zero(t, s.Stats().Operations["ListShards"])
	for i, without := range []string{"aggregation", "aggregation", "partition_key"} {
		requireLine(t, log, "warning", "[kinesis "+decimal(i)+"] aggregation_shard_map has no effect without "+without)
	}
	requireNoLine(t, log, "warning", "[kinesis 3]")
}

func TestAMergeOfShardsIsLearnedOnceAndLosesNothingToTheKCL(t *testing.T) {
	s := setStage(t, kinesistest.Options{Streams: map[string]int{streamName: 2}}, flbhost.Config{}, byShard)
	l := containerLines(3000, 500, 40)
	flushAll(t, s.host, 0, l.chunks[0])
	shards := s.stream.Shards(streamName)
	require.NoError(t, s.stream.MergeShards(streamName, shards[0].ID, shards[1].ID))
	flushAll(t, s.host, 0, l.chunks[1])
	learned(t, s.host, 1)
	operations := maps.Clone(s.stream.Stats().Operations)
	flushAll(t, s.host, 0, l.chunks[2:]...)
	require.Equal(t, operations["ListShards"], s.stream.Stats().Operations["ListShards"])
	l.requireOnce(t, s.stream)
	kclReads(t, s.stream, streamName).requireKept(l) // a merged shard has all that its parents had
}
