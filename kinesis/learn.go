package kinesis

import (
	"maps"
	"strings"
	"time"

	"fluent-bit-kinesis/kinesis/pace"
	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/kinesis/wire"
)

// learn tells the pacer what became of a request.
func (dl *delivery) learn(b *batch, err error, took time.Duration) {
	d := dl.d
	o := pace.Outcome{Took: took}
	all := pace.Amount{Records: len(b.entries), Bytes: b.body.Size()}
	if isLarge(b.only()) {
		all.Bytes = wire.MaxRecordBytes // it says no more of the stream than any other
	}
	switch {
	case err == nil && dl.largeRefused(b):
		o.Apart = all
	case err == nil && len(dl.answer.Results) == 0:
		o.Accepted = all
	case err == nil:
		o = dl.sorted(b, took)
	default:
		switch service.Classify(err) {
		case service.Throttled:
			o.Refused = all
		case service.Failing, service.Unanswered: // accepted nothing
		default:
			return // for what it is, not for when it came
		}
	}
	refused := int64(o.Refused.Records + o.Apart.Records)
	d.counts.Refused.Add(refused)
	d.tally.refused.Add(refused)
	d.remarkOnPace(d.pacer.Learn(o))
}

// sorted adds up what the stream accepted of a request, and what it refused for
// its pace. It begins at the end: what was refused before the same shard accepted
// something is scattered.
func (dl *delivery) sorted(b *batch, took time.Duration) pace.Outcome {
	sum := pace.Outcome{Took: took}
	dl.shares.reset()
	for i := len(dl.answer.Results) - 1; i >= 0; i-- {
		shard, o := dl.became(b, i)
		dl.shares.name(shard)
		dl.share(b, i, shard, o)
		sum.Add(o)
	}
	sum.Shards = dl.d.named.Count(time.Now(), maps.Keys(dl.shares.named))
	return dl.apart(sum)
}

// became is what became of entry i, and on which shard: empty where the answer
// names none. Nothing became of one that was refused for anything but the pace.
func (dl *delivery) became(b *batch, i int) (shard string, o pace.Outcome) {
	r, size := &dl.answer.Results[i], b.body.EntrySize(i)
	a := pace.Amount{Records: 1, Bytes: min(size, wire.MaxRecordBytes)}
	if r.Code == "" {
		if dl.answer.Failed > 0 {
			dl.shares.accept(r.Shard, size)
		}
		return r.Shard, pace.Outcome{Accepted: a}
	}
	if service.Classify(r.Err()) != service.Throttled {
		return "", o
	}
	shard = refusingShard(r.Message)
	o.Refused = a
	if largest, ok := dl.shares.accepted[shard]; ok && size <= largest {
		o.Scattered = a
	}
	return shard, o
}

// share notes what became of entry i on a shard. Where keys are random, a shard
// that is full by itself is so by chance, and not for long.
func (dl *delivery) share(b *batch, i int, shard string, o pace.Outcome) {
	if dl.d.aimed && shard != "" {
		dl.shares.of(shard, hashOf(b, i)).Add(o)
	}
}

// apart tells the shards what became of their shares. What those refuse that are
// full by themselves says nothing of the stream.
func (dl *delivery) apart(o pace.Outcome) pace.Outcome {
	shards := dl.shares.all
	alone := len(shards) == 1 && !dl.d.pacer.Throttled()
	for i := range shards {
		of := &shards[i]
		of.Took, of.Alone = o.Took, alone
		if dl.d.pacer.Shards().Learn(*of) {
			o.Refused = o.Refused.Minus(of.Refused)
			o.Scattered = o.Scattered.Minus(of.Scattered)
			o.Apart = o.Apart.Plus(of.Refused)
		}
	}
	return o
}

// refusingShard is the shard that a refusal names: "Rate exceeded for shard
// shardId-000000000000 in stream logs under account 123456789012.", as the
// reference of PutRecords has it. It is empty where none is named.
func refusingShard(message string) string {
	_, rest, _ := strings.Cut(message, " shard ")
	shard, _, _ := strings.Cut(rest, " ")
	return strings.TrimSuffix(shard, ".")
}

// shares are what a request has brought to each shard.
type shares struct {
	all      []pace.Share
	named    map[string]struct{} // all shards in the answer
	byName   map[string]int      // index of all
	accepted map[string]int      // bytes of the largest entry that a shard accepted, further down in the request; "" for any shard
}

// name counts a shard that the answer names.
func (s *shares) name(shard string) {
	if shard != "" {
		s.named[shard] = struct{}{}
	}
}

// accept notes that a shard accepted an entry of this size. Of a refusal that names
// no shard any may have been it.
func (s *shares) accept(shard string, size int) {
	s.accepted[shard] = max(s.accepted[shard], size)
	s.accepted[""] = max(s.accepted[""], size)
}

// of is the share of a shard, to which a record of this hash key belongs.
func (s *shares) of(shard string, hash uint64) *pace.Share {
	i, ok := s.byName[shard]
	if !ok {
		i = len(s.all)
		s.all = append(s.all, pace.Share{Shard: shard, First: hash, Last: hash})
		s.byName[shard] = i
	}
	of := &s.all[i]
	of.First, of.Last = min(of.First, hash), max(of.Last, hash)
	return of
}

func (s *shares) reset() {
	if s.byName == nil {
		s.named = make(map[string]struct{})
		s.byName, s.accepted = make(map[string]int), make(map[string]int)
	}
	s.all = s.all[:0]
	clear(s.named)
	clear(s.byName)
	clear(s.accepted)
}

// remarkOnPace says when throttling begins, and when it ends.
func (d *destination) remarkOnPace(turn pace.Turn) {
	switch turn {
	case pace.Begins:
		s := d.pacer.State()
		d.log.Infof("%s throttles: from here on about %.0f records (%.0f KB) a second are sent, and as it turns out more or less",
			d.the(), s.Records, s.Bytes/1000)
	case pace.Ends:
		d.log.Infof("%s throttles no longer: what is sent a second is not limited any more", d.the())
	}
}
