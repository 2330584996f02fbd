package kinesistest

// The requests and answers of the operations beside PutRecords, member for
// member as the API reference has them. Both codecs read and write these.

type createStreamInput struct {
	StreamName        string
	ShardCount        *int
	StreamModeDetails *streamMode
}

type streamMode struct {
	StreamMode string // PROVISIONED or ON_DEMAND
}

// streamInput is what names a stream.
type streamInput struct {
	StreamName string
	StreamARN  string
}

type nothing struct{}

type splitShardInput struct {
	streamInput
	ShardToSplit       string
	NewStartingHashKey string
}

type mergeShardsInput struct {
	streamInput
	ShardToMerge         string
	AdjacentShardToMerge string
}

type updateShardCountInput struct {
	streamInput
	TargetShardCount int
	ScalingType      string
}

type updateShardCountOutput struct {
	StreamName        string
	StreamARN         string
	CurrentShardCount int
	TargetShardCount  int
}

type describeStreamSummaryOutput struct {
	StreamDescriptionSummary streamSummary
}

type streamSummary struct {
	StreamName              string
	StreamARN               string
	StreamStatus            string
	StreamModeDetails       streamMode
	RetentionPeriodHours    int
	StreamCreationTimestamp timestamp
	EnhancedMonitoring      []enhancedMetrics
	EncryptionType          string
	OpenShardCount          int
	ConsumerCount           int
}

type enhancedMetrics struct {
	ShardLevelMetrics []string
}

type listShardsInput struct {
	streamInput
	NextToken             string
	ExclusiveStartShardId string
	MaxResults            *int
	ShardFilter           *shardFilter
}

type shardFilter struct {
	Type      string
	ShardId   string
	Timestamp *timestamp
}

type listShardsOutput struct {
	Shards    []shardDescription
	NextToken string `json:",omitempty"`
}

type shardDescription struct {
	ShardId               string
	ParentShardId         string `json:",omitempty"`
	AdjacentParentShardId string `json:",omitempty"`
	HashKeyRange          hashKeyRange
	SequenceNumberRange   sequenceNumberRange
}

type hashKeyRange struct {
	StartingHashKey string
	EndingHashKey   string
}

type sequenceNumberRange struct {
	StartingSequenceNumber string
	EndingSequenceNumber   string `json:",omitempty"` // of closed shards
}

type getShardIteratorInput struct {
	streamInput
	ShardId                string
	ShardIteratorType      string
	StartingSequenceNumber string
	Timestamp              *timestamp
}

type getShardIteratorOutput struct {
	ShardIterator string
}

type getRecordsInput struct {
	ShardIterator string
	Limit         *int
	StreamARN     string
}

type getRecordsOutput struct {
	Records            []readRecord
	NextShardIterator  *string // null at the end of a closed shard
	MillisBehindLatest int64
	ChildShards        []childShard `json:",omitempty"` // at the end of a closed shard
}

type readRecord struct {
	SequenceNumber              string
	ApproximateArrivalTimestamp timestamp
	Data                        []byte
	PartitionKey                string
}

type childShard struct {
	ShardId      string
	ParentShards []string
	HashKeyRange hashKeyRange
}
