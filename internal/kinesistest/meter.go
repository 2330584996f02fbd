package kinesistest

import (
	"maps"
	"sync"
)

// meter counts requests and records for [Stats].
type meter struct {
	mu       sync.Mutex
	seen     Stats // guarded by mu; its maps are not
	inFlight int   // guarded by mu
}

// reset forgets all but the requests in flight.
func (m *meter) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen = Stats{
		Operations:        make(map[string]int64),
		Outcomes:          make(map[string]int64),
		RecordsPerRequest: make(map[int]int64),
		MaxInFlight:       m.inFlight,
	}
}

func (m *meter) stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	stats := m.seen
	stats.InFlight = m.inFlight
	stats.Operations = maps.Clone(m.seen.Operations)
	stats.Outcomes = maps.Clone(m.seen.Outcomes)
	stats.RecordsPerRequest = maps.Clone(m.seen.RecordsPerRequest)
	return stats
}

func (m *meter) connected() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen.Connections++
}

func (m *meter) called(operation string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen.Operations[operation]++
}

// began counts a PutRecords request that was read.
func (m *meter) began(bodyBytes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen.Requests++
	m.seen.BodyBytes += int64(bodyBytes)
	m.inFlight++
	m.seen.MaxInFlight = max(m.seen.MaxInFlight, m.inFlight)
}

// parsed counts the records of a request.
func (m *meter) parsed(records int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen.Offered += int64(records)
	m.seen.RecordsPerRequest[records]++
}

func (m *meter) landed(l *landing) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen.Landed += int64(l.landed())
	m.seen.LandedBytes += l.bytes
	m.seen.Throttled += int64(l.throttled)
	m.seen.Failed += int64(l.failed)
	if l.unanswered {
		m.seen.Unanswered += int64(l.landed())
	}
}

func (m *meter) lost(records int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen.Unanswered += records
}

// ended counts what became of a PutRecords request.
func (m *meter) ended(outcome string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen.Outcomes[outcome]++
	m.inFlight--
}
