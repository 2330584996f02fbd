package kinesistest

import (
	"fmt"
	"log"
	"time"
)

// Options configure a [Server]. The zero value is an HTTPS endpoint on a free
// port of 127.0.0.1, without streams, that accepts [DefaultCredentials].
type Options struct {
	// Address to listen on, host:port; "127.0.0.1:0" by default.
	Address string
	// STSAddress is where the token service listens; a free port of
	// 127.0.0.1 by default.
	STSAddress string
	// PlainHTTP serves both addresses without TLS.
	PlainHTTP bool
	// HTTP2 offers HTTP/2 as well as HTTP/1.1; over TLS only.
	HTTP2 bool
	// Hosts are the names and IP addresses in the certificate; localhost,
	// 127.0.0.1, ::1 and the host of Address by default. A list without the
	// host that clients use makes a certificate that does not fit.
	Hosts []string

	// Streams to create at start, by name, with their number of shards.
	Streams map[string]int
	// MissingShards creates a stream that PutRecords names and that does not
	// exist, with so many shards. With 0 it goes on not to exist.
	MissingShards int
	// MaxRecordSize is the most bytes of a record, data plus partition key, of
	// every stream until [Server.SetMaxRecordSize]: 1 MiB, which 0 is too, to 10 MiB.
	MaxRecordSize int
	// Region that signatures must be scoped to; empty accepts any, and puts
	// us-east-1 into ARNs.
	Region string
	// Credentials that sign acceptable requests; [DefaultCredentials] if empty.
	Credentials []Credentials
	// SkipSignatures accepts every request, signed or not.
	SkipSignatures bool
	// SessionLifetime is how long credentials of the token service are valid,
	// whatever the caller asked for; 0 gives what was asked for.
	SessionLifetime time.Duration

	// Seed drives every fault.
	Seed uint64
	// Faults of PutRecords from the start on; see [Server.SetFaults].
	Faults Faults
	// Poison is the first value of [Server.SetPoison].
	Poison func(stream string, e Entry) bool
	// ShardLimits throttles as the service does: each shard takes
	// [ShardRecordsPerSecond] and [ShardBytesPerSecond] in each second of the
	// clock, and refuses what is above, record by record.
	ShardLimits bool

	// WithoutCBOR makes a server that does not know CBOR, and refuses every
	// request that is written in it with this error, in JSON. The zero Error is
	// one that knows it.
	WithoutCBOR Error

	// OnRecord is called for each record that lands, in the order of arrival
	// on its stream and one at a time for each stream. A slow one slows
	// PutRecords.
	OnRecord func(Record)
	// UserKeys lists the partition keys whose order an entry is part of, for
	// [Stats.Overlaps]: an aggregate has those of its user records. By default
	// it is the entry's own partition key.
	UserKeys func(Entry) []string
	// SkipOverlaps leaves out the bookkeeping behind [Stats.Overlaps].
	SkipOverlaps bool
	// Discard keeps counts but no records, for benchmarks and long runs:
	// [Server.Records] and GetRecords find nothing, and what OnRecord is given
	// is valid only during the call.
	Discard bool

	// Now is the server's clock: arrival times, the age of signatures, of
	// credentials and of iterators. [time.Now] by default.
	Now func() time.Time
	// Log receives what the HTTP servers complain of. By default that goes to
	// standard error, without the handshakes that clients broke off.
	Log *log.Logger
}

// Credentials are what a client signs with.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	// SessionToken, where there is one, must come with each request in
	// X-Amz-Security-Token.
	SessionToken string
	// Expires is when requests begin to be refused as ExpiredTokenException;
	// zero is never.
	Expires time.Time
}

// DefaultCredentials are accepted where [Options.Credentials] names none.
var DefaultCredentials = Credentials{
	AccessKeyID:     "AKIAKINESISTEST00001",
	SecretAccessKey: "kinesistest/secret+access+key/0000000001",
}

// withDefaults fills what was left out and refuses what cannot be served.
func (o Options) withDefaults() (Options, error) {
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	if o.STSAddress == "" {
		o.STSAddress = "127.0.0.1:0"
	}
	if len(o.Credentials) == 0 {
		o.Credentials = []Credentials{DefaultCredentials}
	}
	for _, c := range o.Credentials {
		if c.AccessKeyID == "" || c.SecretAccessKey == "" {
			return o, fmt.Errorf("kinesistest: credentials %q lack an access key ID or a secret access key", c.AccessKeyID)
		}
	}
	if o.MaxRecordSize != 0 && (o.MaxRecordSize < maxRecordBytes || o.MaxRecordSize > maxLargeBytes) {
		return o, fmt.Errorf("kinesistest: MaxRecordSize is %d, must be %d to %d", o.MaxRecordSize, maxRecordBytes, maxLargeBytes)
	}
	if o.HTTP2 && o.PlainHTTP {
		return o, fmt.Errorf("kinesistest: HTTP2 needs TLS, and PlainHTTP turns it off")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o, nil
}
