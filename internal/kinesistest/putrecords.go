package kinesistest

import (
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// What a PutRecords request may hold, from the service's API reference.
const (
	maxRecords      = 500
	maxRequestBytes = 5 << 20  // data plus partition keys
	maxRecordBytes  = 1 << 20  // data plus partition key, unless the stream has another limit
	maxLargeBytes   = 10 << 20 // of a record, where its stream's limit is at its highest, and of a request to a stream with a higher one
	maxPartitionKey = 256      // Unicode characters
	maxErrorsNamed  = 10       // of one request, in a ValidationException
)

// putRecords parses a PutRecords request and takes its keys into flight.
func putRecords(x *exchange) (perform, error) {
	p := newPutRequest()
	x.put = p
	if err := x.codec.parsePutRecords(p, x.body); err != nil {
		return nil, err
	}
	x.server.meter.parsed(len(p.entries))
	name, err := nameOf(p.streamName, p.streamARN)
	if err == nil {
		x.server.ensure(name)
	}
	name, err = p.check(x.server.maxRecord(name, err))
	if err != nil {
		return nil, err
	}
	if x.stream, err = x.server.stream(name); err != nil {
		return nil, err
	}
	if !x.server.options.SkipOverlaps {
		x.flight = x.stream.overlaps.hold(x.keys())
	}
	return x.putRecords, nil
}

// keys are those whose order the request is part of.
func (x *exchange) keys() []string {
	keys := make([]string, 0, len(x.put.entries))
	for _, e := range x.put.entries {
		if userKeys := x.server.options.UserKeys; userKeys != nil {
			keys = append(keys, userKeys(e)...)
			continue
		}
		keys = append(keys, e.PartitionKey)
	}
	return keys
}

// putRecords lands the request's entries.
func (x *exchange) putRecords(f fate) answer {
	p := x.put
	if err := x.findPoison(); err != nil {
		return x.refuse(err)
	}
	l := &p.land
	if err := l.route(p.entries); err != nil {
		return x.refuse(err)
	}
	l.request = f.number
	l.refusals = f.refusals(l.refusals[:0], len(p.entries))
	l.unanswered = f.misfortune == cutAfter || f.misfortune.within()
	x.stream.land(l)
	x.server.meter.landed(l)

	p.answer = x.codec.appendPutRecordsAnswer(p.answer[:0], x.stream, l)
	outcome := OutcomeOK
	if l.throttled+l.failed > 0 {
		outcome = OutcomePartial
	}
	return answer{status: http.StatusOK, kind: x.codec.contentType(), body: p.answer, outcome: outcome}
}

func (x *exchange) findPoison() error {
	poisonous := x.server.poison.Load()
	if poisonous == nil {
		return nil
	}
	for i, e := range x.put.entries {
		if (*poisonous)(x.stream.name, e) {
			return invalid([]string{violation("poison", fmt.Sprintf("records.%d.member.data", i+1), "Member must not be poisonous")})
		}
	}
	return nil
}

// route finds the hash key of each entry.
func (l *landing) route(entries []Entry) error {
	l.entries = entries
	var key [4 * maxPartitionKey]byte
	for _, e := range entries {
		if e.ExplicitHashKey == "" {
			sum := md5.Sum(key[:copy(key[:], e.PartitionKey)])
			l.hashes = append(l.hashes, HashKey{
				Hi: binary.BigEndian.Uint64(sum[:8]),
				Lo: binary.BigEndian.Uint64(sum[8:]),
			})
			continue
		}
		h, err := ParseHashKey(e.ExplicitHashKey)
		if err != nil {
			return refuse("InvalidArgumentException",
				"Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was %s", e.ExplicitHashKey)
		}
		l.hashes = append(l.hashes, h)
	}
	return nil
}

// check finds what the service refuses a request for, and else the name of its
// stream, whose records may have so many bytes.
func (p *putRequest) check(maxRecord int) (stream string, err error) {
	if violations := p.violations(maxRecord); len(violations) > 0 {
		return "", invalid(violations)
	}
	total := 0
	for i, e := range p.entries {
		if e.size() > maxRecord {
			return "", refuse("InvalidArgumentException",
				"Record %d size of %d bytes, data and partition key, exceeds %d MB limit", i+1, e.size(), maxRecord>>20)
		}
		total += e.size()
	}
	maxRequest := maxRequestBytes
	if maxRecord > maxRecordBytes {
		maxRequest = maxLargeBytes
	}
	if total > maxRequest {
		return "", refuse("InvalidArgumentException", "Records size exceeds %d MB limit", maxRequest>>20)
	}
	return nameOf(p.streamName, p.streamARN)
}

// violations are the constraints that the request fails, as the service words
// them.
func (p *putRequest) violations(maxRecord int) []string {
	var found []string
	switch n := len(p.entries); {
	case !p.hasRecords:
		found = append(found, "Value null at 'records' failed to satisfy constraint: Member must not be null")
	case n < 1:
		found = append(found, violation("[]", "records", "Member must have length greater than or equal to 1"))
	case n > maxRecords:
		found = append(found, violation(fmt.Sprintf("[%d records]", n), "records",
			fmt.Sprintf("Member must have length less than or equal to %d", maxRecords)))
	}
	for i := range p.entries {
		if len(found) >= maxErrorsNamed {
			return found[:maxErrorsNamed]
		}
		found = p.entryViolations(found, i, maxRecord)
	}
	return found
}

// entryViolations appends those of one entry.
func (p *putRequest) entryViolations(found []string, i, maxRecord int) []string {
	e, spans := &p.entries[i], &p.spans[i]
	at := func(member string) string { return fmt.Sprintf("records.%d.member.%s", i+1, member) }
	if !spans.data.present {
		found = append(found, "Value null at '"+at("data")+"' failed to satisfy constraint: Member must not be null")
	}
	if n := len(e.Data); n > maxRecord {
		found = append(found, violation(fmt.Sprintf("java.nio.HeapByteBuffer[pos=0 lim=%d cap=%d]", n, n), at("data"),
			fmt.Sprintf("Member must have length less than or equal to %d", maxRecord)))
	}
	switch n := utf8.RuneCountInString(e.PartitionKey); {
	case !spans.key.present:
		found = append(found, "Value null at '"+at("partitionKey")+"' failed to satisfy constraint: Member must not be null")
	case n < 1:
		found = append(found, violation("", at("partitionKey"), "Member must have length greater than or equal to 1"))
	case n > maxPartitionKey:
		found = append(found, violation(e.PartitionKey, at("partitionKey"),
			fmt.Sprintf("Member must have length less than or equal to %d", maxPartitionKey)))
	}
	if spans.hash.present && !isDecimal(e.ExplicitHashKey) {
		found = append(found, violation(e.ExplicitHashKey, at("explicitHashKey"),
			`Member must satisfy regular expression pattern: 0|([1-9]\d{0,38})`))
	}
	return found
}

func violation(value, member, constraint string) string {
	return "Value '" + value + "' at '" + member + "' failed to satisfy constraint: " + constraint
}

// invalid is the service's error for a request that fails constraints.
func invalid(violations []string) error {
	plural := ""
	if len(violations) > 1 {
		plural = "s"
	}
	return refuse("ValidationException", "%d validation error%s detected: %s", len(violations), plural, strings.Join(violations, "; "))
}
