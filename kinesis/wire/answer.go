package wire

import "fmt"

// An Answer is what the service said to a PutRecords request that it took: how
// many of its records it refused, and which. It is made to be used again: in
// the long run to read one allocates nothing.
type Answer struct {
	Body       []byte // as it came, to be read; reused by the next answer
	WantShards bool   // set by the caller who asks where the records came to rest

	Failed  int
	Results []Result // one for each record of the request; empty where none failed, unless WantShards

	names names
}

// A Result is the answer to one record: either the shard that took it, or an
// error.
type Result struct {
	Code    string // empty where the record was accepted
	Message string // of a refusal
	Shard   string
}

// Err is why a record was not accepted: a *RecordError.
func (r *Result) Err() error { return &RecordError{Code: r.Code, Message: r.Message} }

// A RecordError is the refusal of one record in a request that was taken.
type RecordError struct {
	Code    string // the service's name of the error
	Message string
}

// Error is the code and the message.
func (e *RecordError) Error() string { return e.Code + ": " + e.Message }

// Refused tells whether record i was.
func (a *Answer) Refused(i int) bool { return a.Failed > 0 && a.Results[i].Code != "" }

// Read makes sense of a.Body, the answer to a request of n records. Where
// nothing failed, and the shards are not wanted, the results are only counted.
// FailedRecordCount is not believed: what it says of records without a result, or
// with an error, is wrong.
func (a *Answer) Read(f Format, n int) error {
	a.Results = a.Results[:0]
	if !a.WantShards && f.allTaken(a.Body, n) {
		a.Failed = 0
		return nil
	}
	if err := a.readResults(f); err != nil {
		return fmt.Errorf("answer of the service cannot be read: %w", err)
	}
	if len(a.Results) != n {
		return fmt.Errorf("answer of the service has %d results for %d records", len(a.Results), n)
	}
	a.Failed = 0
	for i := range a.Results {
		if r := &a.Results[i]; r.Code != "" {
			a.Failed++
		} else {
			r.Message = ""
		}
	}
	return nil
}

// readResults leaves to a library what the format's own reader gives up on.
func (a *Answer) readResults(f Format) (err error) {
	results, ok := f.results(a.Results, a.Body, &a.names)
	if !ok {
		results, err = f.anyResults(a.Results, a.Body)
	}
	a.Results = results
	return err
}
