package service

import (
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/aggregate"
)

// shardsClient is a client whose ListShards is answered with these pages, and
// what it has asked for.
func shardsClient(t *testing.T, status int, pages ...string) (c *Client, asked *[]string) {
	asked = new([]string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		page := pages[min(len(*asked), len(pages)-1)]
		*asked = append(*asked, r.Header.Get("X-Amz-Target")+" "+string(body))
		w.WriteHeader(status)
		_, _ = w.Write([]byte(page))
	}))
	t.Cleanup(server.Close)
	return clientOf(t, server.URL), asked
}

func TestListShardsGivesTheOpenOnesOfAllPages(t *testing.T) {
	c, asked := shardsClient(t, http.StatusOK,
		`{"NextToken":"more","Shards":[
			{"ShardId":"a","HashKeyRange":{"StartingHashKey":"0","EndingHashKey":"340282366920938463463374607431768211455"},
				"SequenceNumberRange":{"StartingSequenceNumber":"1","EndingSequenceNumber":"2"}},
			{"ShardId":"b","HashKeyRange":{"StartingHashKey":"0","EndingHashKey":"18446744073709551615"},"SequenceNumberRange":{"StartingSequenceNumber":"3"}}]}`,
		`{"Shards":[
			{"ShardId":"c","HashKeyRange":{"StartingHashKey":"18446744073709551616","EndingHashKey":"340282366920938463463374607431768211455"}}]}`)
	open, err := c.ListShards(t.Context(), "logs")
	require.NoError(t, err)
	require.Equal(t, []Shard{
		{ID: "b", End: aggregate.HashKey{Lo: math.MaxUint64}},
		{ID: "c", Start: aggregate.HashKey{Hi: 1}, End: aggregate.HashKey{Hi: math.MaxUint64, Lo: math.MaxUint64}},
	}, open)
	require.Equal(t, []string{
		`Kinesis_20131202.ListShards {"StreamName":"logs"}`,
		`Kinesis_20131202.ListShards {"NextToken":"more"}`,
	}, *asked)
}

func TestListShardsNamesTheStreamByItsARN(t *testing.T) {
	const arn = "arn:aws:kinesis:us-west-2:123456789012:stream/logs"
	c, asked := shardsClient(t, http.StatusOK, `{"Shards":[]}`)
	_, err := c.ListShards(t.Context(), arn)
	require.NoError(t, err)
	require.Equal(t, []string{`Kinesis_20131202.ListShards {"StreamARN":"` + arn + `"}`}, *asked)
}

func TestListShardsThatCannotBeRead(t *testing.T) {
	for name, page := range map[string]string{
		"cannot be read":       `<html>`,
		`hash key ""`:          `{"Shards":[{"ShardId":"a"}]}`,
		`hash key "far right"`: `{"Shards":[{"HashKeyRange":{"StartingHashKey":"0","EndingHashKey":"far right"}}]}`,
		`hash key "-1"`:        `{"Shards":[{"HashKeyRange":{"StartingHashKey":"-1","EndingHashKey":"0"}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := shardsClient(t, http.StatusOK, page)
			_, err := c.ListShards(t.Context(), "logs")
			require.ErrorContains(t, err, name)
		})
	}
}

func TestListShardsThatIsRefused(t *testing.T) {
	c, _ := shardsClient(t, http.StatusBadRequest, named("AccessDeniedException"))
	_, err := c.ListShards(t.Context(), "logs")
	require.Equal(t, Denied, Classify(err))
	require.EqualError(t, err, "AccessDeniedException: m (HTTP status 400)")
}
