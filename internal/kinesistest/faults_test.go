package kinesistest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/service/kinesis"
	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// outcomes sends n requests one by one and describes what became of each.
func outcomes(c *kinesis.Kinesis, n, records int) []string {
	var list []string
	for range n {
		out, err := put(c, "logs", entries(records)...)
		list = append(list, outcome(out, err))
	}
	return list
}

// outcome is the codes of the records, or the error.
func outcome(out *kinesis.PutRecordsOutput, err error) string {
	var failure awserr.RequestFailure
	if errors.As(err, &failure) {
		return fmt.Sprintf("%d %s", failure.StatusCode(), failure.Code())
	}
	if err != nil {
		return "no answer"
	}
	var codes strings.Builder
	for _, r := range out.Records {
		codes.WriteString(aws.StringValue(r.ErrorCode) + ";")
	}
	return codes.String()
}

func TestEachFaultAsTheClientSeesIt(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 2}})
	c := sdk(t, s)
	for _, x := range []struct {
		name    string
		faults  kinesistest.Faults
		want    string
		outcome string
		landed  int64
		lost    int
	}{
		{"nothing", kinesistest.Faults{}, ";;", kinesistest.OutcomeOK, 2, 0},
		{"all records throttled by their fraction", kinesistest.Faults{ThrottleRecords: 1}, "ProvisionedThroughputExceededException;ProvisionedThroughputExceededException;", kinesistest.OutcomePartial, 0, 0},
		{"all records throttled until cleared", kinesistest.Faults{ThrottleAll: true}, "ProvisionedThroughputExceededException;ProvisionedThroughputExceededException;", kinesistest.OutcomePartial, 0, 0},
		{"all records failed", kinesistest.Faults{FailRecords: 1}, "InternalFailure;InternalFailure;", kinesistest.OutcomePartial, 0, 0},
		{"request failed", kinesistest.Faults{FailRequests: 1}, "500 InternalFailure", "InternalFailure", 0, 0},
		{"request throttled", kinesistest.Faults{ThrottleRequests: 1}, "400 ProvisionedThroughputExceededException", "ProvisionedThroughputExceededException", 0, 0},
		{"access denied", kinesistest.Faults{AnswerError: 1, Error: kinesistest.ErrorNamed("AccessDeniedException")}, "400 AccessDeniedException", "AccessDeniedException", 0, 0},
		{"expired token", kinesistest.Faults{AnswerError: 1, Error: kinesistest.ErrorNamed("ExpiredTokenException")}, "400 ExpiredTokenException", "ExpiredTokenException", 0, 0},
		{"an error with a prefix", kinesistest.Faults{AnswerError: 1, Error: kinesistest.Error{Status: 400, Code: "com.amazon.coral.service#ExpiredTokenException"}}, "400 ExpiredTokenException", "com.amazon.coral.service#ExpiredTokenException", 0, 0},
		{"service unavailable", kinesistest.Faults{AnswerError: 1, Error: kinesistest.ErrorNamed("ServiceUnavailable")}, "503 ServiceUnavailable", "ServiceUnavailable", 0, 0},
		{"a bad gateway", kinesistest.Faults{BadGateway: 1}, "502 SerializationError", kinesistest.OutcomeBadGateway, 0, 0},
		{"cut before", kinesistest.Faults{CutBefore: 1}, "no answer", kinesistest.OutcomeCutBefore, 0, 0},
		{"cut after", kinesistest.Faults{CutAfter: 1}, "no answer", kinesistest.OutcomeCutAfter, 2, 2},
		{"cut within", kinesistest.Faults{CutWithin: 1}, "200 SerializationError", kinesistest.OutcomeCutWithin, 2, 2},
		{"throttled and cut", kinesistest.Faults{CutAfter: 1, ThrottleAll: true}, "no answer", kinesistest.OutcomeCutAfter, 0, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			s.Reset()
			require.NoError(t, s.SetFaults(x.faults))
			for range 4 { // cut connections end in either of two ways
				require.Equal(t, []string{x.want}, outcomes(c, 1, 2))
			}
			stats := s.Stats()
			require.Equal(t, map[string]int64{x.outcome: 4}, stats.Outcomes)
			require.Equal(t, 4*x.landed, stats.Landed)
			require.Len(t, s.Records("logs"), int(4*x.landed))
			require.Len(t, s.Unanswered("logs"), 4*x.lost)
			require.Equal(t, int64(4*x.lost), stats.Unanswered)
			require.Zero(t, stats.InFlight)
			s.Heal()
			require.Equal(t, []string{";;"}, outcomes(c, 1, 2), "healed")
		})
	}
}

func TestTheSameSeedMakesTheSameFaults(t *testing.T) {
	faults := kinesistest.Faults{ThrottleRecords: 0.2, FailRecords: 0.1, FailRequests: 0.1, ThrottleRequests: 0.1,
		AnswerError: 0.1, Error: kinesistest.ErrorNamed("AccessDeniedException"), BadGateway: 0.05, CutBefore: 0.1, CutAfter: 0.1}
	run := func(seed uint64) (first, again []string) {
		s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}, Seed: seed, Faults: faults})
		c := sdk(t, s)
		first = outcomes(c, 60, 5)
		s.Reset()
		return first, outcomes(c, 60, 5)
	}
	a, again := run(7)
	require.Equal(t, a, again, "a reset starts the sequence anew")
	b, _ := run(7)
	require.Equal(t, a, b)
	other, _ := run(8)
	require.NotEqual(t, a, other)
}

func TestFractionsAreWhatTheySay(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}, SkipSignatures: true, PlainHTTP: true, Discard: true,
		Faults: kinesistest.Faults{ThrottleRecords: 0.10, FailRecords: 0.02, FailRequests: 0.05, ThrottleRequests: 0.15}})
	c := sdk(t, s)
	const requests = 400
	outcomes(c, requests, 100)
	stats := s.Stats()
	within := func(fraction float64, of, got int64) {
		t.Helper()
		require.InDelta(t, fraction*float64(of), float64(got), 0.4*fraction*float64(of))
	}
	within(0.05, requests, stats.Outcomes["InternalFailure"])
	within(0.15, requests, stats.Outcomes["ProvisionedThroughputExceededException"])
	tried := stats.Landed + stats.Throttled + stats.Failed
	require.Equal(t, stats.Outcomes[kinesistest.OutcomePartial]*100, tried)
	within(0.10, tried, stats.Throttled)
	within(0.02, tried, stats.Failed)
	require.Equal(t, map[int]int64{100: requests}, stats.RecordsPerRequest)
	require.Equal(t, int64(requests*100), stats.Offered)
	count, size := s.Count("logs")
	require.Equal(t, []int64{stats.Landed, stats.LandedBytes}, []int64{count, size})
}

func TestRefusalsOfRecordsHaveTheServicesShape(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}, SkipSignatures: true, Faults: kinesistest.Faults{ThrottleRecords: 1}})
	body := `{"StreamName":"logs","Records":[{"PartitionKey":"k","Data":"YQ=="}]}`
	_, members := postJSON(t, s, "PutRecords", body)
	require.Equal(t, map[string]any{"FailedRecordCount": 1.0, "Records": []any{map[string]any{
		"ErrorCode":    "ProvisionedThroughputExceededException",
		"ErrorMessage": "Rate exceeded for shard shardId-000000000000 in stream logs under account 000000000000.",
	}}}, members)
	require.NoError(t, s.SetFaults(kinesistest.Faults{FailRecords: 1}))
	_, members = postJSON(t, s, "PutRecords", body)
	require.Equal(t, []any{map[string]any{"ErrorCode": "InternalFailure", "ErrorMessage": "Internal service failure."}}, members["Records"])
	s.Heal()
	_, members = postJSON(t, s, "PutRecords", body)
	require.Equal(t, map[string]any{"FailedRecordCount": 0.0, "Records": []any{map[string]any{
		"SequenceNumber": s.Records("logs")[0].SequenceNumber(), "ShardId": "shardId-000000000000"}}}, members)
	require.Regexp(t, `^49\d{54}$`, s.Records("logs")[0].SequenceNumber())
}

func TestFaultsOfOtherOperations(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}})
	c := sdk(t, s)
	require.NoError(t, s.SetFaultsFor("ListShards", kinesistest.Faults{AnswerError: 1, Error: kinesistest.ErrorNamed("AccessDeniedException")}))
	_, err := c.ListShards(&kinesis.ListShardsInput{StreamName: aws.String("logs")})
	failure := requireCode(t, err, "AccessDeniedException")
	require.Contains(t, failure.Message(), "not authorized")
	_, err = put(c, "logs", entries(1)...)
	require.NoError(t, err)
	s.Heal()
	listShards(t, c, "logs")
	require.Equal(t, map[string]int64{"ListShards": 2, "PutRecords": 1}, s.Stats().Operations)
}

func TestFaultsOfOneStreamLeaveTheOthersAlone(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1, "denied": 1}})
	c := sdk(t, s)
	denied := kinesistest.Faults{AnswerError: 1, Error: kinesistest.ErrorNamed("AccessDeniedException")}
	require.NoError(t, s.SetFaultsOf("denied", denied))
	_, err := put(c, "denied", entries(1)...)
	requireCode(t, err, "AccessDeniedException")
	listShards(t, c, "denied")
	_, err = put(c, "logs", entries(1)...)
	require.NoError(t, err)
	s.Heal()
	_, err = put(c, "denied", entries(1)...)
	require.NoError(t, err)
	require.ErrorContains(t, s.SetFaultsOf("nowhere", denied), "not found")
	require.Error(t, s.SetFaultsOf("logs", kinesistest.Faults{FailRecords: 2}))
}

func TestFaultsThatMakeNoSenseAreRefused(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{})
	for _, f := range []kinesistest.Faults{
		{ThrottleRecords: 1.1},
		{FailRecords: -0.1},
		{ThrottleRecords: 0.6, FailRecords: 0.6},
		{CutAfter: 0.6, CutBefore: 0.6},
		{AnswerError: 0.5},
		{Delay: -1},
	} {
		require.Error(t, s.SetFaults(f))
		_, err := kinesistest.New(kinesistest.Options{Faults: f})
		require.Error(t, err)
	}
	require.ErrorContains(t, s.SetFaultsFor("Nothing", kinesistest.Faults{}), `"Nothing"`)
}

func TestPoisonousRecordsSpoilTheirRequest(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1},
		Poison: func(stream string, e kinesistest.Entry) bool {
			return stream == "logs" && bytes.Contains(e.Data, []byte("POISON"))
		}})
	c := sdk(t, s)
	bad := &kinesis.PutRecordsRequestEntry{Data: []byte("a POISON b"), PartitionKey: aws.String("k")}
	_, err := put(c, "logs", append(entries(3), bad)...)
	failure := requireCode(t, err, "ValidationException")
	require.Contains(t, failure.Message(), "records.4.member.data")
	require.Empty(t, s.Records("logs"))
	_, err = put(c, "logs", entries(3)...)
	require.NoError(t, err)
	s.SetPoison(nil)
	_, err = put(c, "logs", bad)
	require.NoError(t, err)
}

func TestRequestsHangUntilTheyAreReleased(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}, Faults: kinesistest.Faults{Hang: 1}})
	c := sdk(t, s)
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			_, err := put(c, "logs", entries(1)...)
			require.NoError(t, err)
		})
	}
	require.Eventually(t, func() bool { return s.Stats().Hanging == 3 }, patience, time.Millisecond)
	require.Empty(t, s.Records("logs"))
	require.Equal(t, 3, s.Stats().InFlight)
	s.Release()
	wait.Wait()
	require.Len(t, s.Records("logs"), 3)
	require.Equal(t, 3, s.Stats().MaxInFlight)
}

func TestARequestThatItsClientGaveUpLandsNothing(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}, Faults: kinesistest.Faults{Hang: 1}})
	c := sdk(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Go(func() {
		_, err := c.PutRecordsWithContext(ctx, &kinesis.PutRecordsInput{StreamName: aws.String("logs"), Records: entries(1)})
		require.Error(t, err)
	})
	require.Eventually(t, func() bool { return s.Stats().Hanging == 1 }, patience, time.Millisecond)
	cancel()
	wait.Wait()
	require.Eventually(t, func() bool { return s.Stats().Outcomes[kinesistest.OutcomeGone] == 1 }, patience, time.Millisecond)
	s.Heal()
	_, err := put(c, "logs", entries(2)...)
	require.NoError(t, err)
	require.Len(t, s.Records("logs"), 2)
	require.Empty(t, s.Unanswered("logs"))
}

func TestAnAnswerThatNobodyWaitsForIsUnanswered(t *testing.T) {
	for _, discard := range []bool{false, true} {
		s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}, Discard: discard,
			Faults: kinesistest.Faults{AnswerDelay: time.Hour}})
		c := sdk(t, s)
		ctx, cancel := context.WithCancel(context.Background())
		var wait sync.WaitGroup
		wait.Go(func() {
			_, err := c.PutRecordsWithContext(ctx, &kinesis.PutRecordsInput{StreamName: aws.String("logs"), Records: entries(2)})
			require.Error(t, err)
		})
		require.Eventually(t, func() bool { return s.Stats().Landed == 2 }, patience, time.Millisecond)
		cancel()
		wait.Wait()
		require.Eventually(t, func() bool { return s.Stats().Unanswered == 2 }, patience, time.Millisecond)
		if !discard {
			require.Len(t, s.Unanswered("logs"), 2)
		}
	}
}

func TestAnAnswerThatStallsIsUnansweredAndEndsAtTheRelease(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}, Faults: kinesistest.Faults{StallWithin: 1}})
	c := sdk(t, s)
	var wait sync.WaitGroup
	wait.Go(func() { require.Equal(t, []string{"200 SerializationError"}, outcomes(c, 1, 2)) })
	require.Eventually(t, func() bool { return s.Stats().Hanging == 1 }, patience, time.Millisecond)
	require.Equal(t, map[string]int64{kinesistest.OutcomeStalled: 1}, s.Stats().Outcomes)
	require.Len(t, s.Unanswered("logs"), 2)
	s.Heal()
	wait.Wait()

	require.NoError(t, s.SetFaults(kinesistest.Faults{StallWithin: 1}))
	ctx, cancel := context.WithCancel(context.Background())
	wait.Go(func() {
		_, err := c.PutRecordsWithContext(ctx, &kinesis.PutRecordsInput{StreamName: aws.String("logs"), Records: entries(2)})
		require.Error(t, err)
	})
	require.Eventually(t, func() bool { return s.Stats().Hanging == 1 }, patience, time.Millisecond)
	cancel()
	wait.Wait()
	require.Eventually(t, func() bool { return s.Stats().Hanging == 0 }, patience, time.Millisecond, "its client has gone away")
}

func TestAStreamThatIsDownRefusesConnections(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}})
	c := sdk(t, s)
	require.Equal(t, []string{";;"}, outcomes(c, 1, 2))
	require.NoError(t, s.SetFaults(kinesistest.Faults{AnswerDelay: time.Hour}))
	var wait sync.WaitGroup
	wait.Go(func() { require.Equal(t, []string{"no answer"}, outcomes(c, 1, 2)) })
	require.Eventually(t, func() bool { return s.Stats().Landed == 4 }, patience, time.Millisecond)
	require.NoError(t, s.Down())
	wait.Wait()
	require.Eventually(t, func() bool { return s.Stats().Unanswered == 2 }, patience, time.Millisecond, "it was cut off its answer")
	s.Heal()
	require.Equal(t, []string{"no answer"}, outcomes(c, 1, 1))
	require.NoError(t, s.Down(), "down as it is")
	require.NoError(t, s.Up())
	require.Equal(t, []string{";"}, outcomes(c, 1, 1))
	require.Len(t, s.Records("logs"), 5)
	require.NoError(t, s.Down())
}

func TestClosingEndsWhatHangs(t *testing.T) {
	s, err := kinesistest.New(kinesistest.Options{Streams: map[string]int{"logs": 1}, Faults: kinesistest.Faults{Hang: 0.5, Delay: time.Millisecond, AnswerDelay: time.Hour}})
	require.NoError(t, err)
	c := sdk(t, s)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			_, err := put(c, "logs", entries(1)...)
			require.Error(t, err)
		})
	}
	require.Eventually(t, func() bool { return s.Stats().InFlight == 8 }, patience, time.Millisecond)
	require.NoError(t, s.Close())
	wait.Wait()
	require.NoError(t, s.Close(), "closing twice is harmless")
	require.NoFileExists(t, s.CAFile())
}

func TestCallbacksComeInOrderAndOneAtATime(t *testing.T) {
	for _, discard := range []bool{false, true} {
		var sequences []uint64 // not guarded: callbacks of one stream do not overlap
		var data int
		s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 4}, Discard: discard,
			Faults: kinesistest.Faults{ThrottleRecords: 0.3},
			OnRecord: func(r kinesistest.Record) {
				sequences = append(sequences, r.Sequence)
				data += len(r.Data) + len(r.PartitionKey)
			}})
		c := sdk(t, s)
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				for range 5 {
					_, err := put(c, "logs", entries(20)...)
					require.NoError(t, err)
				}
			})
		}
		wait.Wait()
		stats := s.Stats()
		require.Len(t, sequences, int(stats.Landed))
		require.Equal(t, stats.LandedBytes, int64(data))
		for i, sequence := range sequences {
			require.Equal(t, uint64(i+1), sequence)
		}
		if !discard {
			require.Len(t, s.Records("logs"), len(sequences))
		} else {
			require.Empty(t, s.Records("logs"))
		}
	}
}

func TestConnectionsAreCounted(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}})
	c := sdk(t, s)
	outcomes(c, 5, 1)
	require.Equal(t, int64(1), s.Stats().Connections)
	c.Config.HTTPClient.CloseIdleConnections()
	outcomes(c, 5, 1)
	require.Equal(t, int64(2), s.Stats().Connections)
}

func TestACertificateThatDoesNotFit(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Hosts: []string{"elsewhere.example"}})
	_, err := httpClient(t, s).Post(s.URL(), jsonType, http.NoBody)
	require.ErrorContains(t, err, "certificate")
	answer, err := httpClient(t, kinesistest.Run(t, kinesistest.Options{PlainHTTP: true})).Get(s.URL())
	if err == nil {
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
	}
	require.Error(t, err)
}

func TestFaultsOverHTTP2(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}, HTTP2: true})
	answer, err := httpClient(t, s).Post(s.URL(), jsonType, http.NoBody)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, 2, answer.ProtoMajor)

	c := sdk(t, s)
	require.Equal(t, []string{";"}, outcomes(c, 1, 1))
	require.NoError(t, s.SetFaults(kinesistest.Faults{CutBefore: 1}))
	require.Equal(t, []string{"no answer"}, outcomes(c, 1, 1))
	require.NoError(t, s.SetFaults(kinesistest.Faults{CutAfter: 1}))
	require.Equal(t, []string{"no answer"}, outcomes(c, 1, 1))
	require.Len(t, s.Unanswered("logs"), 1)
	s.Heal()
	require.Equal(t, []string{";"}, outcomes(c, 1, 1))
	require.Len(t, s.Records("logs"), 3)
}

func TestTheLastAnswerOnAConnectionMayNotHaveBeenRead(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1, "other": 1}})
	c := sdk(t, s)
	for n := 1; n <= 3; n++ { // one after the other on one connection
		_, err := put(c, "logs", entries(n)...)
		require.NoError(t, err)
		last := s.LastAnswers("logs")
		require.Len(t, last, n)
		require.Equal(t, s.Records("logs")[len(s.Records("logs"))-n:], last)
	}
	_, err := put(sdk(t, s), "logs", entries(5)...)
	require.NoError(t, err)
	require.Len(t, s.LastAnswers("logs"), 3+5, "on another one")
	require.NoError(t, s.SetFaults(kinesistest.Faults{ThrottleAll: true}))
	_, err = put(c, "logs", entries(2)...)
	require.NoError(t, err)
	require.Len(t, s.LastAnswers("logs"), 5, "of records that were refused, none are there")
	s.Heal()
	_, err = put(c, "logs", entries(2)...)
	require.NoError(t, err)
	require.Len(t, s.LastAnswers("logs"), 2+5)
	for _, cut := range []kinesistest.Faults{{CutBefore: 1}, {CutAfter: 1}, {CutWithin: 1}} {
		s.Heal()
		_, err = put(c, "logs", entries(2)...)
		require.NoError(t, err)
		require.Len(t, s.LastAnswers("logs"), 2+5)
		require.NoError(t, s.SetFaults(cut))
		_, err = put(c, "logs", entries(1)...)
		require.Error(t, err)
		require.Len(t, s.LastAnswers("logs"), 5, "it was read before the request that was cut off")
	}
	require.Empty(t, s.LastAnswers("other"))
	require.Nil(t, s.LastAnswers("no such stream"))
	s.Reset()
	require.Empty(t, s.LastAnswers("logs"))
}
