package kinesistest

import (
	"strings"
	"time"
)

// maxListed is how many shards ListShards returns at most by default.
const maxListed = 1000

func (s *Server) listShards(in listShardsInput) (listShardsOutput, error) {
	after := in.ExclusiveStartShardId
	if in.NextToken != "" {
		if in.StreamName != "" || in.StreamARN != "" || after != "" {
			return listShardsOutput{}, refuse("InvalidArgumentException", "NextToken and StreamName cannot be provided together.")
		}
		name, last, found := strings.Cut(in.NextToken, "/")
		if !found {
			return listShardsOutput{}, refuse("InvalidArgumentException", "NextToken %s is invalid.", in.NextToken)
		}
		in.StreamName, after = name, last
	}
	st, err := s.named(in.streamInput)
	if err != nil {
		return listShardsOutput{}, err
	}
	limit := maxListed
	if in.MaxResults != nil {
		limit = *in.MaxResults
	}
	if limit < 1 || limit > 10*maxListed {
		return listShardsOutput{}, refuse("ValidationException", "1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: "+
			"Member must have value between 1 and %d", limit, 10*maxListed)
	}
	return st.describe(in.ShardFilter, after, limit)
}

// describe lists the shards behind an id that a filter lets through.
func (st *stream) describe(filter *shardFilter, after string, limit int) (out listShardsOutput, err error) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	passes, err := filter.compile()
	if err != nil {
		return listShardsOutput{}, err
	}
	out.Shards = []shardDescription{}
	for _, s := range st.shards {
		if s.ID <= after || !passes(s) {
			continue
		}
		if len(out.Shards) == limit {
			out.NextToken = st.name + "/" + out.Shards[limit-1].ShardId
			break
		}
		out.Shards = append(out.Shards, s.describe())
	}
	return out, nil
}

// compile makes a filter a function. A token continues a listing without its
// filter, as a client must then send it again.
func (f *shardFilter) compile() (func(s *shard) bool, error) {
	if f == nil {
		return func(*shard) bool { return true }, nil
	}
	at := time.Time{}
	if f.Timestamp != nil {
		at = f.Timestamp.Time
	}
	switch f.Type {
	case "AT_LATEST":
		return func(s *shard) bool { return !s.Closed }, nil
	case "FROM_TRIM_HORIZON":
		return func(*shard) bool { return true }, nil
	case "AT_TRIM_HORIZON":
		return func(s *shard) bool { return s.Parent == "" }, nil
	case "AFTER_SHARD_ID":
		return func(s *shard) bool { return s.ID > f.ShardId }, nil
	case "AT_TIMESTAMP":
		return func(s *shard) bool { return !s.opened.After(at) && (!s.Closed || s.ended.After(at)) }, nil
	case "FROM_TIMESTAMP":
		return func(s *shard) bool { return !s.Closed || s.ended.After(at) }, nil
	}
	return nil, invalid([]string{violation(f.Type, "shardFilter.type", "Member must satisfy enum value set: "+
		"[AFTER_SHARD_ID, AT_TRIM_HORIZON, FROM_TRIM_HORIZON, AT_LATEST, AT_TIMESTAMP, FROM_TIMESTAMP]")})
}

func (s *shard) describe() shardDescription {
	d := shardDescription{
		ShardId:               s.ID,
		ParentShardId:         s.Parent,
		AdjacentParentShardId: s.AdjacentParent,
		HashKeyRange:          hashKeyRange{s.Start.String(), s.End.String()},
	}
	d.SequenceNumberRange.StartingSequenceNumber = string(appendSequenceNumber(nil, s.first))
	if s.Closed {
		d.SequenceNumberRange.EndingSequenceNumber = string(appendSequenceNumber(nil, s.last))
	}
	return d
}

// openShards is the number of shards that take records.
func (st *stream) openShards() int {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return len(st.open)
}
