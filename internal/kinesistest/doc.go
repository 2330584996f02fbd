// Package kinesistest is a Kinesis Data Streams endpoint that lives in the
// process of a test, of the local run or of the benchmark.
//
// It speaks the service's own protocol over HTTP and HTTPS: AWS JSON 1.1 and
// its binary twin, CBOR 1.1, chosen by the request's Content-Type, with the
// operation in X-Amz-Target. Any client can be pointed at it. It routes by the
// MD5 of the partition key over real hash ranges, refuses what the service
// refuses with the service's error shapes, verifies SigV4 signatures, and can be
// resharded in the middle of a run.
//
//	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 4}})
//	// Give the client s.URL() as its endpoint and s.Env() as its environment.
//	require.Len(t, s.Records("logs"), 60_000)
//
// # Faults
//
// [Faults] says what goes wrong and how often. They can be changed while
// requests are under way. What befalls a request is a function of
// [Options.Seed] and of the request's number among those of its operation, and
// of nothing else: a client that sends one request at a time meets the same
// faults in every run, and one that sends several at once meets the same faults
// in order of arrival.
//
//	err := s.SetFaults(kinesistest.Faults{ThrottleRecords: 0.10, FailRequests: 0.05})
//
// [Server.SetFaultsOf] gives one stream faults of its own.
//
// [Server.Down] has the stream's address refuse connections, until [Server.Up].
//
// # What it sees
//
// [Server.Records] has what landed, in order of arrival; [Server.Stats] has the
// counts. A record whose answer never reached the client carries
// [Record.Unanswered]: a client that sends at least once may send those again,
// and no others. [Stats.Overlaps] counts the times that two requests carrying
// records of one partition key were in flight together.
//
// A request is in flight here from its last byte read until just before its
// answer's first byte is written. That lies within what the client sees as in
// flight, so an overlap that is counted has happened; a [Faults.Delay] makes it
// unlikely that one is missed.
//
// # Roles
//
// [Server.STSURL] is a token service on an address of its own. It answers
// AssumeRole with temporary credentials that the stream then accepts.
package kinesistest
