package kinesis

import (
	"errors"
	"time"

	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/kinesis/wire"
	"fluent-bit-kinesis/plugins"
)

// warnings are what is said in the log again and again while something is
// wrong: each at most once per interval. What has cost data or needs a person
// is an error; what passes by itself is a warning.
type warnings struct {
	noLogKey   *plugins.Limited
	dropped    *plugins.Limited // error
	truncated  *plugins.Limited // error
	randomKey  *plugins.Limited
	unplaced   *plugins.Limited
	denied     *plugins.Limited // error
	request    *plugins.Limited
	refused    *plugins.Limited
	handedBack *plugins.Limited
	expired    *plugins.Limited // error
	aggregate  *plugins.Limited
	summary    *plugins.Limited
	noRoom     *plugins.Limited // error
	gone       *plugins.Limited // info
}

const warnInterval = 10 * time.Second

func (w *warnings) init(log *plugins.Logger) {
	w.noLogKey = log.Limited("records without log_key", warnInterval)
	w.dropped = log.LimitedError("records dropped", warnInterval)
	w.truncated = log.LimitedError("records truncated", warnInterval)
	w.randomKey = log.Limited("records without partition_key", warnInterval)
	w.unplaced = log.Limited("records without explicit_hash_key", warnInterval)
	w.denied = log.LimitedError("requests that were denied", warnInterval)
	w.request = log.Limited("requests that failed", warnInterval)
	w.refused = log.Limited("requests with refused records", warnInterval)
	w.handedBack = log.Limited("chunks handed back", warnInterval)
	w.expired = log.LimitedError("chunks handed back with expired keys", warnInterval)
	w.aggregate = log.Limited("aggregates that were not compressed", warnInterval)
	w.noRoom = log.LimitedError("records for more streams than streams_maximum", warnInterval)
	w.gone = log.LimitedInfo("streams let go to make room", warnInterval)
	w.summary = log.Limited("", summaryInterval)
}

// drop counts a record that is not sent, and says why.
func (s *shared) drop(reason record.DropReason, ordinal int) {
	s.counts.Dropped[reason].Add(1)
	switch reason {
	case record.NoLogKey:
		if s.warn.noLogKey.Due() {
			s.warn.noLogKey.Say("record %d of a chunk has no %q (log_key) and is skipped", ordinal, s.config.Record.LogKey)
		}
	case dropNoStream:
		if s.warn.dropped.Due() {
			s.warn.dropped.Say("record %d of a chunk is dropped: it has no value for %q (stream), and there is no stream_default", ordinal, s.config.Stream)
		}
	default:
		if s.warn.dropped.Due() {
			s.warn.dropped.Say("record %d of a chunk is dropped: %s", ordinal, dropNames[reason])
		}
	}
	s.summarize()
}

// dropUnfit counts a record that is for a stream that cannot be, and says so.
func (s *shared) dropUnfit(name []byte, ordinal int) {
	s.counts.Dropped[dropUnfit].Add(1)
	if s.warn.dropped.Due() {
		s.warn.dropped.Say("record %d of a chunk is dropped: no stream can have the name %.*q that it has by %q; it needs 1 to 128 of the characters a-z, A-Z, 0-9, _ . -, and with stream_default there would be a stream for such records",
			ordinal, record.MaxStreamName, name, s.config.Stream)
	}
	s.summarize()
}

// dropInvalid counts the records of an entry that the service takes in no
// request.
func (s *shared) dropInvalid(ordinals []uint32, err error) {
	s.counts.Dropped[dropInvalid].Add(int64(len(ordinals)))
	for _, ordinal := range ordinals {
		if s.warn.dropped.Due() {
			s.warn.dropped.Say("record %d of a chunk is dropped, for the service refuses it as invalid: %v", ordinal, err)
		}
	}
	s.summarize()
}

// errRefusedBefore is why a large record is not sent.
var errRefusedBefore = errors.New("it has refused one that was no larger, a moment ago")

// dropLarge counts a record that is larger than the stream takes, as far as is
// known.
func (s *shared) dropLarge(size, ordinal int, err error) {
	s.counts.Dropped[dropLarge].Add(1)
	if s.warn.dropped.Due() {
		s.warn.dropped.Say("record %d of a chunk, of %d bytes, is dropped, for it is larger than the stream takes: %v; raise the maximum record size of the stream, or lower maximum_record_size = %s",
			ordinal, size, err, plugins.FormatSize(s.config.Record.MaximumSize))
	}
	s.summarize()
}

// remark counts and says what is odd about a record that is to be sent.
func (s *shared) remark(r *record.Record) {
	if r.Truncated {
		s.counts.Truncated.Add(1)
		if s.warn.truncated.Due() {
			s.warn.truncated.Say("a record was cut to the %d bytes that the service takes", s.config.Record.MaximumSize)
		}
	}
	if r.Random && len(s.config.Record.PartitionKey) > 0 {
		s.counts.RandomKeys.Add(1)
		if s.warn.randomKey.Due() {
			s.warn.randomKey.Say("a record has no usable value for partition_key and goes under a random key")
		}
	}
	if !r.Placed && len(s.config.Record.HashKey) > 0 {
		s.counts.Unplaced.Add(1)
		if s.warn.unplaced.Due() {
			s.warn.unplaced.Say("a record has no usable value for explicit_hash_key, which is a decimal number below 2^128, and goes where its partition key's hash says")
		}
	}
}

func (s *shared) accepted(bytes, records int) {
	s.counts.Bytes.Add(int64(bytes))
	s.counts.Accepted.Add(int64(records))
}

// countRequest counts how a request of that size ended, after that time.
func (s *shared) countRequest(size int, err error, answer *wire.Answer, took time.Duration) {
	outcome := requestAccepted
	switch {
	case err != nil:
		outcome = outcomeOf(service.Classify(err))
	case answer.Failed > 0:
		outcome = requestPartial
		s.countRefusals(answer)
	}
	s.counts.Requests[outcome].Add(1)
	if service.WasSent(err) {
		s.counts.SentBytes.Add(int64(size))
		s.latency.Observe(took)
	}
	if err == nil && (answer.Failed == 0 || answer.Failed < len(answer.Results)) {
		s.lastAccepted.Store(time.Now().UnixNano())
	}
}

func outcomeOf(f service.Fault) requestOutcome {
	switch f {
	case service.Throttled:
		return requestThrottled
	case service.Failing:
		return requestFailing
	case service.Denied, service.Expired:
		return requestDenied
	case service.Invalid:
		return requestInvalid
	}
	return requestUnanswered
}

// warnRequest says why a request came to nothing. One that was denied will be
// again, until a person mends what is wrong.
func (s *shared) warnRequest(err error, records int) {
	fault := service.Classify(err)
	kind := s.warn.request
	if fault == service.Denied {
		kind = s.warn.denied
	}
	if kind.Due() {
		kind.Say("a request of %d records failed (%s): %v", records, fault, err)
	}
}

func (s *shared) warnRefused(refused, records int, err error) {
	s.warn.refused.Warnf("%d of the %d records of a request were refused: %v", refused, records, err)
}

const summaryInterval = time.Minute

func (s *shared) summarize() {
	if s.warn.summary.Due() {
		s.warn.summary.Say("so far: %s", &s.counts)
	}
}
