package kinesis

import (
	"context"

	"fluent-bit-kinesis/kinesis/wire"
)

// A poster exchanges one PutRecords request of n records for its answer. The
// error is a *service.Error where the service did not take the request.
type poster interface {
	Post(ctx context.Context, body []byte, n int, into *wire.Answer) error
}
