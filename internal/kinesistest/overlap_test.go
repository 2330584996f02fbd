package kinesistest_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/kinesis"
	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

func keyed(keys ...string) []*kinesis.PutRecordsRequestEntry {
	var list []*kinesis.PutRecordsRequestEntry
	for _, key := range keys {
		list = append(list, &kinesis.PutRecordsRequestEntry{Data: []byte("d"), PartitionKey: aws.String(key)})
	}
	return list
}

func TestOverlapsOfKeys(t *testing.T) {
	for _, x := range []struct {
		name     string
		options  kinesistest.Options
		requests [][]string // keys of requests that are in flight together
		want     int64
	}{
		{"different keys", kinesistest.Options{}, [][]string{{"a", "b"}, {"c"}, {"d", "d"}}, 0},
		{"one key in two requests", kinesistest.Options{}, [][]string{{"a", "b"}, {"b", "c"}}, 1},
		{"several keys in two requests", kinesistest.Options{}, [][]string{{"a", "b", "a"}, {"b", "a", "b"}}, 1},
		{"one key in three requests", kinesistest.Options{}, [][]string{{"a"}, {"a"}, {"a"}}, 3},
		{"a chain of three", kinesistest.Options{}, [][]string{{"a"}, {"a", "b"}, {"b"}}, 2},
		{"not watched for", kinesistest.Options{SkipOverlaps: true}, [][]string{{"a"}, {"a"}}, 0},
		{"keys of user records", kinesistest.Options{UserKeys: func(e kinesistest.Entry) []string {
			return strings.Split(e.PartitionKey, "+")
		}}, [][]string{{"a+b"}, {"b+c"}, {"d"}}, 1},
	} {
		t.Run(x.name, func(t *testing.T) {
			x.options.Streams = map[string]int{"logs": 1, "other": 1}
			x.options.Faults.Hang = 1
			s := kinesistest.Run(t, x.options)
			c := sdk(t, s)
			var wait sync.WaitGroup
			send := func(stream string, keys []string) {
				wait.Go(func() {
					_, err := put(c, stream, keyed(keys...)...)
					require.NoError(t, err)
				})
			}
			for _, keys := range x.requests {
				send("logs", keys)
			}
			send("other", x.requests[0])
			require.Eventually(t, func() bool { return s.Stats().Hanging == len(x.requests)+1 }, patience, time.Millisecond)
			require.Equal(t, x.want, s.Stats().Overlaps)
			s.Heal()
			wait.Wait()
			require.Equal(t, x.want, s.Stats().Overlaps)

			_, err := put(c, "logs", keyed(x.requests[0]...)...)
			require.NoError(t, err)
			require.Equal(t, x.want, s.Stats().Overlaps, "nothing of requests that have ended is left")
			s.Reset()
			require.Zero(t, s.Stats().Overlaps)
		})
	}
}

func TestRequestsOneAfterTheOtherDoNotOverlap(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1},
		Faults: kinesistest.Faults{CutBefore: 0.2, CutAfter: 0.2, CutWithin: 0.2, FailRequests: 0.2, DelayJitter: time.Millisecond}})
	c := sdk(t, s)
	for range 200 {
		_, _ = put(c, "logs", keyed("a", "b")...) // what became of it does not matter
	}
	stats := s.Stats()
	require.Zero(t, stats.Overlaps)
	require.Zero(t, stats.AbandonedOverlaps)
	require.Equal(t, 1, stats.MaxInFlight)
}

func TestAnOverlapWithARequestThatWasGivenUpIsCountedApart(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}, Faults: kinesistest.Faults{Hang: 1}})
	c := sdk(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var wait sync.WaitGroup
	wait.Go(func() {
		_, err := c.PutRecordsWithContext(ctx, &kinesis.PutRecordsInput{StreamName: aws.String("logs"), Records: keyed("a")})
		require.Error(t, err)
	})
	require.Eventually(t, func() bool { return s.Stats().Hanging == 1 }, patience, time.Millisecond)
	wait.Go(func() {
		_, err := put(c, "logs", keyed("a")...)
		require.NoError(t, err)
	})
	require.Eventually(t, func() bool { return s.Stats().Hanging == 2 }, patience, time.Millisecond)
	require.Equal(t, int64(1), s.Stats().Overlaps)
	cancel()
	require.Eventually(t, func() bool { return s.Stats().Hanging == 1 }, patience, time.Millisecond)
	require.Eventually(t, func() bool { return s.Stats().AbandonedOverlaps == 1 }, patience, time.Millisecond)
	require.Zero(t, s.Stats().Overlaps)
	s.Heal()
	wait.Wait()
	require.Len(t, s.Records("logs"), 1)
}
