package kinesistest

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"
)

// What one GetRecords returns at most, and how long an iterator lives.
const (
	maxRead        = 10_000
	maxReadBytes   = 10 << 20
	iteratorLiving = 5 * time.Minute
)

// iterator is a place in a shard. Clients see it as an opaque text.
type iterator struct {
	Stream string
	Shard  string
	Next   uint64 // the least sequence that is still to be read
	Issued int64  // milliseconds since 1970
}

func (it iterator) encode() string {
	text, _ := json.Marshal(it) // strings and numbers cannot fail
	return base64.StdEncoding.EncodeToString(text)
}

func (s *Server) decodeIterator(text string) (it iterator, err error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(raw, &it)
	}
	if err != nil {
		return it, refuse("InvalidArgumentException", "Invalid ShardIterator.")
	}
	now, issued := s.options.Now(), time.UnixMilli(it.Issued)
	if now.Sub(issued) > iteratorLiving {
		return it, refuse("ExpiredIteratorException",
			"Iterator expired. The iterator was created at time %s while right now it is %s which is further in the future than the tolerated delay of %d milliseconds.",
			issued.UTC().Format(time.UnixDate), now.UTC().Format(time.UnixDate), iteratorLiving.Milliseconds())
	}
	return it, nil
}

func (s *Server) getShardIterator(in getShardIteratorInput) (getShardIteratorOutput, error) {
	st, err := s.named(in.streamInput)
	if err != nil {
		return getShardIteratorOutput{}, err
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	sh, err := st.find(in.ShardId)
	if err != nil {
		return getShardIteratorOutput{}, err
	}
	next, err := st.place(sh, in)
	if err != nil {
		return getShardIteratorOutput{}, err
	}
	it := iterator{Stream: st.name, Shard: sh.ID, Next: next, Issued: s.options.Now().UnixMilli()}
	return getShardIteratorOutput{it.encode()}, nil
}

// place is the first sequence that an iterator is to read. The caller holds mu.
func (st *stream) place(sh *shard, in getShardIteratorInput) (uint64, error) {
	switch in.ShardIteratorType {
	case "TRIM_HORIZON":
		return sh.first, nil
	case "LATEST":
		return st.sequence + 1, nil
	case "AT_TIMESTAMP":
		if in.Timestamp == nil {
			return 0, refuse("InvalidArgumentException", "Must specify timestamp parameter for iterator of type AT_TIMESTAMP.")
		}
		i, _ := slices.BinarySearchFunc(sh.positions, in.Timestamp.Time, func(sequence uint64, at time.Time) int {
			return st.at(sequence).Arrived.Compare(at)
		})
		if i == len(sh.positions) {
			return st.sequence + 1, nil
		}
		return sh.positions[i], nil
	case "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER":
		sequence, ok := parseSequenceNumber(in.StartingSequenceNumber)
		if !ok {
			return 0, refuse("InvalidArgumentException", "StartingSequenceNumber %s used in GetShardIterator on shard %s in stream %s under account %s is invalid.",
				in.StartingSequenceNumber, sh.ID, st.name, accountID)
		}
		if in.ShardIteratorType == "AFTER_SEQUENCE_NUMBER" {
			sequence++
		}
		return sequence, nil
	}
	return 0, invalid([]string{violation(in.ShardIteratorType, "shardIteratorType", "Member must satisfy enum value set: "+
		"[AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON]")})
}

func (s *Server) getRecords(in getRecordsInput) (getRecordsOutput, error) {
	it, err := s.decodeIterator(in.ShardIterator)
	if err != nil {
		return getRecordsOutput{}, err
	}
	st, err := s.stream(it.Stream)
	if err != nil {
		return getRecordsOutput{}, err
	}
	limit := maxRead
	if in.Limit != nil {
		limit = *in.Limit
	}
	if limit < 1 || limit > maxRead {
		return getRecordsOutput{}, refuse("ValidationException", "1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: "+
			"Member must have value between 1 and %d", limit, maxRead)
	}
	return st.read(it, limit)
}

// read returns the records from an iterator on.
func (st *stream) read(it iterator, limit int) (out getRecordsOutput, err error) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	sh, err := st.find(it.Shard)
	if err != nil {
		return out, err
	}
	now := st.now()
	out.Records = []readRecord{}
	i, _ := slices.BinarySearch(sh.positions, it.Next)
	for bytes := 0; i < len(sh.positions) && len(out.Records) < limit; i++ {
		r := st.at(sh.positions[i])
		if bytes += r.size(); bytes > maxReadBytes && len(out.Records) > 0 {
			break
		}
		out.Records = append(out.Records, readRecord{
			SequenceNumber:              r.SequenceNumber(),
			ApproximateArrivalTimestamp: timestamp{r.Arrived},
			Data:                        r.Data,
			PartitionKey:                r.PartitionKey,
		})
		it.Next = r.Sequence + 1
	}
	if i < len(sh.positions) {
		out.MillisBehindLatest = now.Sub(st.at(sh.positions[i]).Arrived).Milliseconds()
	} else if sh.Closed {
		out.ChildShards = st.children(sh)
		return out, nil
	}
	it.Issued = now.UnixMilli()
	next := it.encode()
	out.NextShardIterator = &next
	return out, nil
}

// children are the shards that a closed one's range went to. The caller holds mu.
func (st *stream) children(parent *shard) []childShard {
	var children []childShard
	for _, s := range st.shards {
		if s.Parent != parent.ID && s.AdjacentParent != parent.ID {
			continue
		}
		parents := []string{s.Parent}
		if s.AdjacentParent != "" {
			parents = append(parents, s.AdjacentParent)
		}
		children = append(children, childShard{s.ID, parents, hashKeyRange{s.Start.String(), s.End.String()}})
	}
	return children
}
