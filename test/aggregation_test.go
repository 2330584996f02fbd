package test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// plainView reads records and aggregates that are not compressed.
var plainView kinesistest.View

// byContainer packs the records of containerLines.
var byContainer = options{"aggregation": "true", "partition_key": "container_id"}

// elsewhere is the numbers of shards that aggregates are read on once more, by
// the number of those that they were put on.
var elsewhere = map[int][]int64{1: {64}, 4: {1, 3, 64, 1000}, 64: {5}}

func TestTheKCLKeepsEachRecordOfManyContainersUnderItsOwnKey(t *testing.T) {
	l := containerLines(manyRecords, manyRecords, 40)
	for _, shards := range []int{1, 4, 64} {
		t.Run(decimal(shards)+" shards", func(t *testing.T) {
			s := setStage(t, kinesistest.Options{Streams: map[string]int{streamName: shards}, UserKeys: plainView.UserKeys},
				flbhost.Config{Workers: 4}, byContainer)
			flushAll(t, s.host, 0, l.chunks...)
			kclReads(t, s.stream, streamName).requireKept(l)
			l.requireOnce(t, s.stream) // the plugin's own reader agrees
			l.requireOrder(t, s.stream)
			require.Zero(t, s.stream.Stats().Overlaps)

			aggregates := s.stream.Records(streamName)
			require.Less(t, len(aggregates), manyRecords/500)
			for _, others := range elsewhere[shards] {
				k := kclReadsElsewhere(t, aggregates, others)
				require.Empty(t, len(k.thrown), "aggregates thrown away on %d shards", others)
				require.Len(t, k.kept, manyRecords)
			}
			log := exitLog(t, s.host)
			requireNoLine(t, log, "warning")
			requireLine(t, log, "info", "at exit: records "+decimal(manyRecords)+", accepted "+decimal(manyRecords)+" ",
				"packed "+decimal(manyRecords)+", into aggregates "+decimal(len(aggregates)))
		})
	}
}

func TestTheKCLKeepsEachRecordWhateverBecomesOfTheShards(t *testing.T) {
	l := containerLines(20_000, 1000, 40)
	s := setStage(t, kinesistest.Options{}, flbhost.Config{Workers: 4}, byContainer)
	var jobs []*flbhost.Job
	for i, chunk := range l.chunks {
		jobs = append(jobs, s.host.Go(0, "app.log", chunk))
		if i%4 == 3 {
			require.NoError(t, s.stream.Reshard(streamName, 1+i*i%7))
		}
	}
	requireTaken(t, jobs)
	kclReads(t, s.stream, streamName).requireKept(l)
}

// A key for each would be most of what short records come to.
func TestInAnAggregateRecordsThatLackTheirKeyShareOne(t *testing.T) {
	for _, x := range []struct {
		name    string
		every   int // so many have their key; 0 for none
		options options
	}{
		{"all lack it", 0, nil},
		{"one in ten has it", 10, nil},
		{"one in two has it", 2, nil},
		{"in small aggregates", 3, options{"aggregation_maximum_record_size": "2k", "skip_aggregation_record_size": "1k"}},
		{"by the shard map, all lack it", 0, options{"aggregation_shard_map": "on"}},
		{"by the shard map, one in two has it", 2, options{"aggregation_shard_map": "on"}},
	} {
		for _, perChunk := range []int{2500, 10} {
			t.Run(x.name+", chunks of "+decimal(perChunk), func(t *testing.T) {
				own := map[string]string{}
				l := newLot(5000, perChunk, func(i int) (time.Time, []flbhost.Field, landing) {
					if x.every == 0 || i%x.every > 0 {
						return when, fields(F("n", i)), landing{data: fmt.Sprintf(`{"n":%d}`, i)}
					}
					key := "container " + decimal(i*i%40)
					data := fmt.Sprintf(`{"n":%d,"container":"%s"}`, i, key)
					own[data] = key
					return when, fields(F("n", i), F("container", key)), landing{data: data}
				})
				s := setStage(t, kinesistest.Options{}, flbhost.Config{Workers: 16}, with(with(x.options, "aggregation", "on"), "partition_key", "container"))
				flushAll(t, s.host, 0, l.chunks...)
				l.requireOnce(t, s.stream)
				require.Empty(t, len(kclReads(t, s.stream, streamName).thrown))

				users, _ := read(t, s.stream, streamName, plainView)
				shared := map[uint64]string{} // by the aggregate, the key that is no record's own
				for _, u := range users {
					if key, has := own[string(u.Data)]; has {
						require.Equal(t, key, u.PartitionKey, "a record that has its key keeps it")
					} else if !strings.HasPrefix(u.PartitionKey, "container ") {
						require.Equal(t, cmp.Or(shared[u.In.Sequence], u.PartitionKey), u.PartitionKey, "in one aggregate")
						shared[u.In.Sequence] = u.PartitionKey
					}
				}
			})
		}
	}
}

func TestWithoutPartitionKeyEachAggregateGoesUnderARandomKeyOfItsOwn(t *testing.T) {
	for _, x := range []struct {
		name     string
		options  options
		perChunk int
	}{
		{"an aggregate for each chunk", nil, 100},
		{"many aggregates for each chunk", options{"aggregation_maximum_record_size": "2k", "skip_aggregation_record_size": "1k"}, 2500},
	} {
		t.Run(x.name, func(t *testing.T) {
			l := shortLines(5000, x.perChunk)
			s := setStage(t, kinesistest.Options{}, flbhost.Config{Workers: 1}, with(x.options, "aggregation", "on"))
			flushAll(t, s.host, 0, l.chunks...)
			kclReads(t, s.stream, streamName).requireKept(l)

			aggregates := s.stream.Records(streamName)
			keys := map[string]bool{}
			for _, key := range partitionKeys(aggregates) {
				require.Regexp(t, randomKey, key)
				keys[key] = true
			}
			require.Len(t, keys, len(aggregates), "keys of aggregates")
			require.GreaterOrEqual(t, len(keys), 50)
			users, totals := read(t, s.stream, streamName, plainView)
			for _, user := range users {
				require.Equal(t, user.In.PartitionKey, user.PartitionKey)
				require.Empty(t, user.ExplicitHashKey)
			}
			require.EqualValues(t, 5000, totals.Packed)
			requireNoLine(t, exitLog(t, s.host), "warning")
		})
	}
}

func TestARecordThatLacksItsPartitionKeyIsPackedUnderOneThatIsThere(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, options{"aggregation": "on", "partition_key": "k", "log_key": "log"})
	var c flbhost.Chunk
	for i := range 100 {
		body := fields(F("log", decimal(i)))
		if i%2 == 0 {
			body = append(body, F("k", "own"))
		}
		c.Append(flbhost.EventTime(when), body...)
	}
	s.flush(flbhost.OK, &c)
	users, _ := read(t, s.stream, streamName, plainView)
	require.Len(t, users, 100)
	for _, user := range users {
		require.Equal(t, "own", user.PartitionKey)
	}
	k := kclReads(t, s.stream, streamName)
	require.Empty(t, len(k.thrown))
	require.Len(t, k.kept, 100)
	requireLine(t, exitLog(t, s.host), "info", "under a random key for want of their own 50")
}

func TestNoRecordIsHeldBetweenFlushes(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, options{"aggregation": "on", "log_key": "log"})
	for _, text := range []string{"first", "second", ""} {
		require.Len(t, s.flush(flbhost.OK, lines(text)), 1)
		users, _ := read(t, s.stream, streamName, plainView)
		require.Equal(t, text, string(users[len(users)-1].Data))
	}
}

func TestAggregatesAreTheSameForTheSameChunkInAnyProcess(t *testing.T) {
	l := containerLines(3000, 3000, 40)
	var first []string
	for range 3 {
		s := setStage(t, kinesistest.Options{}, flbhost.Config{}, byContainer)
		flushAll(t, s.host, 0, l.chunks...)
		landed := datas(s.stream.Records(streamName))
		if first == nil {
			first = landed
			continue
		}
		require.Len(t, landed, len(first))
		for i := range first {
			requireSame(t, first[i], landed[i])
		}
	}
}

// Records of one partition key keep their order where some of them are too
// large for aggregates.
func TestRecordsThatTravelAloneDoNotOvertakeThoseInAggregates(t *testing.T) {
	for _, shardMap := range []string{"off", "on"} {
		t.Run("aggregation_shard_map "+shardMap, func(t *testing.T) {
			l := containerLines(10_000, 2500, 40)
			s := setStage(t, kinesistest.Options{UserKeys: plainView.UserKeys}, flbhost.Config{Workers: 4},
				with(with(byContainer, "skip_aggregation_record_size", "600"), "aggregation_shard_map", shardMap))
			flushAll(t, s.host, 0, l.chunks...)
			l.requireOnce(t, s.stream)
			l.requireOrder(t, s.stream)
			require.Zero(t, s.stream.Stats().Overlaps)
			_, totals := read(t, s.stream, streamName, plainView)
			require.Greater(t, totals.Records-totals.Aggregates, int64(500), "records that travelled alone")
			require.Greater(t, totals.Packed, int64(5000))
		})
	}
}

func TestAnAggregateThatTheServiceRefusesCostsItsOwnRecordsAlone(t *testing.T) {
	const poisonous = `{"n":777,`
	l := containerLines(2000, 2000, 40)
	s := setStage(t, kinesistest.Options{Poison: func(_ string, e kinesistest.Entry) bool { return strings.Contains(string(e.Data), poisonous) }},
		flbhost.Config{}, with(with(byContainer, "aggregation_maximum_record_size", "4k"), "skip_aggregation_record_size", "2k"))
	flushAll(t, s.host, 0, l.chunks...)
	k := kclReads(t, s.stream, streamName)
	require.Empty(t, len(k.thrown))
	log := exitLog(t, s.host)
	lost := len(l.want) - len(k.kept)
	require.Less(t, lost, 4096/100)
	requireLine(t, log, "info", "at exit: records 2000, accepted "+decimal(len(k.kept)), "dropped: refused as invalid "+decimal(lost))
	requireLine(t, log, "error", "of a chunk is dropped, for the service refuses it as invalid")
	for _, r := range k.kept {
		require.False(t, strings.HasPrefix(r.data, poisonous))
	}
}
