package service

import (
	"context"
	"fmt"

	jsoniter "github.com/json-iterator/go"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/kinesis/wire"
)

// listedShards is a page of the answer to ListShards:
// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html.
type listedShards struct {
	NextToken string
	Shards    []struct {
		ShardID      string `json:"ShardId"`
		HashKeyRange struct {
			StartingHashKey, EndingHashKey string
		}
		SequenceNumberRange struct {
			EndingSequenceNumber string // of closed shards alone
		}
	}
}

// A Shard is an open shard: it takes the records whose hash lies between Start
// and End, both included.
type Shard struct {
	ID         string
	Start, End aggregate.HashKey
}

// ListShards asks the service for the open shards of a stream, by its name or its
// ARN.
func (c *Client) ListShards(ctx context.Context, stream string) (open []Shard, err error) {
	request := map[string]string{wire.StreamMember(stream): stream}
	for {
		body, err := jsoniter.Marshal(request)
		if err != nil {
			return nil, err
		}
		answer, err := c.call(ctx, "ListShards", wire.FormatOf(wire.JSON), body, nil)
		if err != nil {
			return nil, err
		}
		var page listedShards
		if err := jsoniter.Unmarshal(answer, &page); err != nil {
			return nil, fmt.Errorf("answer to ListShards cannot be read: %w", err)
		}
		if open, err = page.appendOpen(open); err != nil {
			return nil, err
		}
		if page.NextToken == "" {
			return open, nil
		}
		request = map[string]string{"NextToken": page.NextToken}
	}
}

func (p *listedShards) appendOpen(open []Shard) ([]Shard, error) {
	for _, s := range p.Shards {
		if s.SequenceNumberRange.EndingSequenceNumber != "" {
			continue
		}
		start, err := aggregate.ParseHashKey(s.HashKeyRange.StartingHashKey)
		if err != nil {
			return nil, err
		}
		end, err := aggregate.ParseHashKey(s.HashKeyRange.EndingHashKey)
		if err != nil {
			return nil, err
		}
		open = append(open, Shard{ID: s.ShardID, Start: start, End: end})
	}
	return open, nil
}
