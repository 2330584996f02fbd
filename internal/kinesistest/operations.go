package kinesistest

import "net/http"

// operations are those that are served. Each reads its request, and returns the
// work that is to be done once the request's fate is known.
var operations = map[string]func(x *exchange) (perform, error){
	"CreateStream":          operation((*Server).createStream),
	"DeleteStream":          operation((*Server).deleteStream),
	"DescribeStreamSummary": operation((*Server).describeStreamSummary),
	"GetRecords":            operation((*Server).getRecords),
	"GetShardIterator":      operation((*Server).getShardIterator),
	"ListShards":            operation((*Server).listShards),
	"MergeShards":           operation((*Server).mergeShards),
	"PutRecords":            putRecords,
	"SplitShard":            operation((*Server).splitShard),
	"UpdateShardCount":      operation((*Server).updateShardCount),
}

// operation decodes the request before a function and encodes the answer after
// it. An answer of nothing is an empty body.
func operation[In, Out any](do func(s *Server, in In) (Out, error)) func(x *exchange) (perform, error) {
	return func(x *exchange) (perform, error) {
		var in In
		if err := x.codec.decode(x.body, &in); err != nil {
			return nil, err
		}
		return func(fate) answer {
			out, err := do(x.server, in)
			if err != nil {
				return x.refuse(err)
			}
			a := answer{status: http.StatusOK, kind: x.codec.contentType(), outcome: OutcomeOK}
			if _, empty := any(out).(nothing); empty {
				return a
			}
			if a.body, err = x.codec.encode(out); err != nil {
				return x.refuse(err)
			}
			return a
		}, nil
	}
}

// named is the stream that an input names.
func (s *Server) named(in streamInput) (*stream, error) {
	name, err := nameOf(in.StreamName, in.StreamARN)
	if err != nil {
		return nil, err
	}
	return s.stream(name)
}

// onDemandShards is what the service gives a stream that leaves it the choice.
const onDemandShards = 4

func (s *Server) createStream(in createStreamInput) (nothing, error) {
	onDemand := in.StreamModeDetails != nil && in.StreamModeDetails.StreamMode == "ON_DEMAND"
	if in.ShardCount == nil && !onDemand {
		return nothing{}, refuse("InvalidArgumentException", "ShardCount is required for streams in PROVISIONED mode.")
	}
	shards := onDemandShards
	if !onDemand {
		shards = *in.ShardCount
	}
	return nothing{}, s.addStream(in.StreamName, shards, onDemand)
}

func (s *Server) deleteStream(in streamInput) (nothing, error) {
	name, err := nameOf(in.StreamName, in.StreamARN)
	if err != nil {
		return nothing{}, err
	}
	return nothing{}, s.DeleteStream(name)
}

func (s *Server) describeStreamSummary(in streamInput) (describeStreamSummaryOutput, error) {
	st, err := s.named(in)
	if err != nil {
		return describeStreamSummaryOutput{}, err
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	mode := "PROVISIONED"
	if st.onDemand {
		mode = "ON_DEMAND"
	}
	return describeStreamSummaryOutput{streamSummary{
		StreamName:              st.name,
		StreamARN:               st.arn,
		StreamStatus:            "ACTIVE",
		StreamModeDetails:       streamMode{mode},
		RetentionPeriodHours:    24,
		StreamCreationTimestamp: timestamp{st.created},
		EnhancedMonitoring:      []enhancedMetrics{{ShardLevelMetrics: []string{}}},
		EncryptionType:          "NONE",
		OpenShardCount:          len(st.open),
	}}, nil
}

func (s *Server) splitShard(in splitShardInput) (nothing, error) {
	st, err := s.named(in.streamInput)
	if err != nil {
		return nothing{}, err
	}
	at, err := ParseHashKey(in.NewStartingHashKey)
	if err != nil {
		return nothing{}, invalid([]string{violation(in.NewStartingHashKey, "newStartingHashKey",
			`Member must satisfy regular expression pattern: 0|([1-9]\d{0,38})`)})
	}
	return nothing{}, st.splitShard(in.ShardToSplit, at)
}

func (s *Server) mergeShards(in mergeShardsInput) (nothing, error) {
	st, err := s.named(in.streamInput)
	if err != nil {
		return nothing{}, err
	}
	return nothing{}, st.mergeShards(in.ShardToMerge, in.AdjacentShardToMerge)
}

func (s *Server) updateShardCount(in updateShardCountInput) (updateShardCountOutput, error) {
	st, err := s.named(in.streamInput)
	if err != nil {
		return updateShardCountOutput{}, err
	}
	if in.ScalingType != "UNIFORM_SCALING" {
		return updateShardCountOutput{}, invalid([]string{violation(in.ScalingType, "scalingType",
			"Member must satisfy enum value set: [UNIFORM_SCALING]")})
	}
	before := st.openShards()
	if err := st.reshard(in.TargetShardCount); err != nil {
		return updateShardCountOutput{}, err
	}
	return updateShardCountOutput{
		StreamName:        st.name,
		StreamARN:         st.arn,
		CurrentShardCount: before,
		TargetShardCount:  in.TargetShardCount,
	}, nil
}
