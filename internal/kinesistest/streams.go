package kinesistest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// streamName is the service's pattern for the names of streams.
var streamName = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,128}$`)

// maxShards is the most a stream is created with or resharded to: the
// service's largest default quota.
const maxShards = 20_000

// CreateStream makes a stream of so many shards with equal hash ranges. It is
// active at once.
func (s *Server) CreateStream(name string, shards int) error {
	return s.addStream(name, shards, false)
}

func (s *Server) addStream(name string, shards int, onDemand bool) error {
	if !streamName.MatchString(name) {
		return refuse("ValidationException", "1 validation error detected: Value '%s' at 'streamName' failed to satisfy constraint: "+
			"Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+ and have 1 to 128 characters", name)
	}
	if shards < 1 || shards > maxShards {
		return refuse("ValidationException", "1 validation error detected: Value '%d' at 'shardCount' failed to satisfy constraint: "+
			"Member must have value between 1 and %d", shards, maxShards)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams[name] != nil {
		return refuse("ResourceInUseException", "Stream %s under account %s already exists.", name, accountID)
	}
	st := newStream(name, s.region(), shards, s.options)
	st.onDemand = onDemand
	s.streams[name] = st
	return nil
}

// ensure creates a stream that does not exist, where the options ask for that.
// What keeps it from being created is said by whoever looks for it then.
func (s *Server) ensure(name string) {
	if s.options.MissingShards == 0 {
		return
	}
	if _, err := s.stream(name); err != nil {
		_ = s.CreateStream(name, s.options.MissingShards)
	}
}

// DeleteStream removes a stream and what landed on it.
func (s *Server) DeleteStream(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams[name] == nil {
		return noSuchStream(name)
	}
	delete(s.streams, name)
	return nil
}

// Reshard splits and merges until the stream has so many open shards of equal
// hash ranges. A shard that already has one of these ranges stays open.
func (s *Server) Reshard(name string, shards int) error {
	st, err := s.stream(name)
	if err != nil {
		return err
	}
	return st.reshard(shards)
}

// SplitShard closes an open shard and divides its range between two new ones,
// of which the second starts at the hash key.
func (s *Server) SplitShard(name, shardID string, at HashKey) error {
	st, err := s.stream(name)
	if err != nil {
		return err
	}
	return st.splitShard(shardID, at)
}

// MergeShards closes two open shards, of which the second's range follows the
// first's, and gives both ranges to a new one.
func (s *Server) MergeShards(name, shardID, adjacentID string) error {
	st, err := s.stream(name)
	if err != nil {
		return err
	}
	return st.mergeShards(shardID, adjacentID)
}

// SetMaxRecordSize has a stream take records of up to so many bytes, data plus
// partition key: 1 MiB, as at first, to 10 MiB.
func (s *Server) SetMaxRecordSize(name string, bytes int) error {
	if bytes < maxRecordBytes || bytes > maxLargeBytes {
		return refuse("ValidationException", "1 validation error detected: Value '%d' at 'maxRecordSizeInKiB' failed to satisfy constraint: "+
			"Member must have value between %d and %d", bytes>>10, maxRecordBytes>>10, maxLargeBytes>>10)
	}
	st, err := s.stream(name)
	if err != nil {
		return err
	}
	st.maxRecord.Store(int64(bytes))
	return nil
}

// maxRecord is the most bytes of a record of a stream, as it is at first for one that
// does not exist.
func (s *Server) maxRecord(name string, err error) int {
	if err != nil {
		return maxRecordBytes
	}
	st, err := s.stream(name)
	if err != nil {
		return maxRecordBytes
	}
	return max(maxRecordBytes, int(st.maxRecord.Load()))
}

// StreamNames lists the streams in order of their names.
func (s *Server) StreamNames() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Sorted(maps.Keys(s.streams))
}

// Shards lists the shards of a stream, closed ones included, by their ids. It is
// nil for a stream that does not exist.
func (s *Server) Shards(name string) []Shard {
	st, err := s.stream(name)
	if err != nil {
		return nil
	}
	return st.list()
}

// Records is what landed on a stream, in order of arrival. The caller must not
// change the data. It is nil for a stream that does not exist.
func (s *Server) Records(name string) []Record {
	st, err := s.stream(name)
	if err != nil {
		return nil
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	return slices.Clone(st.records)
}

// Unanswered is the part of Records whose answers were cut off.
func (s *Server) Unanswered(name string) []Record {
	st, err := s.stream(name)
	if err != nil {
		return nil
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	var cut []Record
	for _, r := range st.records {
		if r.Unanswered {
			cut = append(cut, r)
		}
	}
	return cut
}

// Count is the number of records that landed on a stream, and of their bytes
// with partition keys, also where [Options.Discard] keeps none of them.
func (s *Server) Count(name string) (records, bytes int64) {
	for _, shard := range s.Shards(name) {
		records += shard.Records
		bytes += shard.Bytes
	}
	return records, bytes
}

// stream finds a stream, or is the service's error.
func (s *Server) stream(name string) (*stream, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if st := s.streams[name]; st != nil {
		return st, nil
	}
	return nil, noSuchStream(name)
}

func noSuchStream(name string) error {
	return refuse("ResourceNotFoundException", "Stream %s under account %s not found.", name, accountID)
}

func (s *Server) region() string {
	if s.options.Region != "" {
		return s.options.Region
	}
	return "us-east-1"
}

// streamARN is the service's name for a stream.
func streamARN(region, name string) string {
	return fmt.Sprintf("arn:aws:kinesis:%s:%s:stream/%s", region, accountID, name)
}

// nameOf is the stream that a request means: by its name, or by its ARN.
func nameOf(name, arn string) (string, error) {
	if arn == "" {
		if name == "" {
			return "", refuse("ValidationException", "1 validation error detected: Value null at 'streamName' failed to satisfy constraint: Member must not be null")
		}
		return name, nil
	}
	_, fromARN, found := strings.Cut(arn, ":stream/")
	if !found || !strings.HasPrefix(arn, "arn:") {
		return "", refuse("ValidationException", "1 validation error detected: Value '%s' at 'streamARN' failed to satisfy constraint: "+
			"Member must satisfy regular expression pattern: arn:aws.*:kinesis:.*:\\d{12}:stream/\\S+", arn)
	}
	if name != "" && name != fromARN {
		return "", refuse("InvalidArgumentException", "StreamARN %s and StreamName %s do not match.", arn, name)
	}
	return fromARN, nil
}
