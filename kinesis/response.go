package kinesis

import "fmt"

// A response is what the service answered to a PutRecords request that it
// took: how many of its records it refused, and which.
type response struct {
	body    []byte // as it came; reused by the next answer
	failed  int
	results []result // one for each record of the request; empty where none failed, unless wantShards

	wantShards bool // set by the caller: where the records came to rest is asked for
}

// A result is the answer to one record: either the shard that took it, or an
// error.
type result struct {
	code    string // empty where the record was accepted
	message string
	shard   string
}

// refusal is the error of a record that was not accepted.
func (r *result) refusal() error { return fmt.Errorf("%s: %s", r.code, r.message) }

func (r *response) refused(i int) bool { return r.failed > 0 && r.results[i].code != "" }

// read makes sense of r.body, the answer to a request of n records. Where
// nothing failed, only the count is looked for.
func (r *response) read(w wire, n int) (err error) {
	r.results = r.results[:0]
	if failed, ok := w.scanFailed(r.body); ok && failed == 0 && !r.wantShards {
		r.failed = 0
		return nil
	}
	if r.results, err = w.results(r.results, r.body); err != nil {
		return fmt.Errorf("answer of the service cannot be read: %w", err)
	}
	if len(r.results) != n {
		return fmt.Errorf("answer of the service has %d results for %d records", len(r.results), n)
	}
	r.failed = 0
	for i := range r.results {
		if r.results[i].code != "" {
			r.failed++
		}
	}
	return nil
}
