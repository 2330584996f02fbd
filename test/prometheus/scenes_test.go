package prometheus

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
	"fluent-bit-kinesis/kinesis/ledger"
)

type options = map[string]string

// A scene is an output with a stream of its own, to which something happens.
type scene struct {
	stream  string
	options options
	faults  kinesistest.Faults
	chunk   func(n int) []byte // the chunk of a number while it happens; nil for one of a hundred lines, as before and after
	burst   int                // how many chunks there are at once when it begins

	comesBack bool     // a chunk that is handed back is offered again, as if Retry_Limit were no_limits; others are dropped
	fires     []string // the alerts that it is made for, and what else comes with them
}

// scenes are the outputs of the run. The first two are those of which nothing
// is to be said.
func scenes(s *kinesistest.Server, noCredentials string) []scene {
	role := "arn:aws:iam::123456789012:role/logs"
	return []scene{{
		stream: "clean", options: options{"aggregation": "on"},
	}, {
		stream: "clean-by-a-role", options: options{"role_arn": role, "sts_endpoint": s.STSURL()},
	}, {
		stream: "losing", options: options{"log_key": "log"}, chunk: halfWithoutLog,
		fires: []string{"KinesisLosesRecords"},
	}, {
		stream: "throttled", faults: kinesistest.Faults{ThrottleRecords: 0.5},
		fires: []string{"KinesisThrottled"},
	}, {
		stream: "handed-back", options: options{"delivery_timeout": "0"}, faults: kinesistest.Faults{FailRecords: 0.5}, comesBack: true,
		fires: []string{"KinesisHandsBack"},
	}, {
		stream: "failing", faults: kinesistest.Faults{FailRequests: 1}, options: options{"delivery_timeout": "10m"},
		fires: []string{"KinesisNoProgress"},
	}, {
		stream: "hanging", faults: kinesistest.Faults{Hang: 1}, options: options{"delivery_timeout": "10m"},
		fires: []string{"KinesisNoProgress"},
	}, {
		stream: "denied", faults: kinesistest.Faults{AnswerError: 1, Error: kinesistest.ErrorNamed("AccessDeniedException")},
		fires: []string{"KinesisCredentialsFail", "KinesisHandsBack", "KinesisNoProgress"},
	}, {
		stream: "without-credentials", options: options{"role_arn": role, "sts_endpoint": noCredentials},
		fires: []string{"KinesisCredentialsFail", "KinesisHandsBack", "KinesisNoProgress"},
	}, {
		stream: "forgetting", options: options{"delivery_timeout": "0"}, faults: kinesistest.Faults{FailRecords: 0.5},
		chunk: few, burst: ledger.MaxEntries * 21 / 20,
		fires: []string{"KinesisLedgerOverflows", "KinesisHandsBack"},
	}}
}

// lines is a chunk of a hundred lines. Each chunk is another one.
func lines(n int) []byte {
	var c flbhost.Chunk
	for i := range 100 {
		c.Append(flbhost.EventTime(time.Unix(int64(n), int64(i))), flbhost.F("log", "a line of a log, as an application writes them, of chunk "+strconv.Itoa(n)))
	}
	return c.Bytes()
}

// halfWithoutLog is one in which every second event lacks the key of log_key.
func halfWithoutLog(n int) []byte {
	var c flbhost.Chunk
	for i := range 20 {
		c.Append(flbhost.EventTime(time.Unix(int64(n), int64(i))), flbhost.F([]string{"log", "other"}[i%2], "a line"))
	}
	return c.Bytes()
}

// few is a small chunk. That the stream takes all of it, or nothing, is one in a
// hundred where it refuses every second record.
func few(n int) []byte {
	var c flbhost.Chunk
	for i := range 8 {
		c.Append(flbhost.EventTime(time.Unix(int64(n), int64(i))), flbhost.F("log", "a line"))
	}
	return c.Bytes()
}

// A play is the scenes that are on: a stream, and a host with an output for each.
type play struct {
	scenes []scene
	stream *kinesistest.Server
	page   string // where the metrics are
	host   *flbhost.Host
	feeds  sync.WaitGroup

	spoiled atomic.Bool   // the faults are on
	healed  atomic.Bool   // and have been
	end     chan struct{} // of the feeds
}

// start starts it, without faults.
func start(t *testing.T) *play {
	t.Helper()
	s := kinesistest.Run(t, kinesistest.Options{PlainHTTP: true, Discard: true, SkipOverlaps: true})
	p := &play{stream: s, page: freeAddress(t), end: make(chan struct{})}
	p.scenes = scenes(s, p.runTokens(t))

	config := flbhost.Config{Workers: 2, Env: append(s.Env(), environment...), Timeout: 2 * patience}
	for _, sc := range p.scenes {
		require.NoError(t, s.CreateStream(sc.stream, 2))
		all := options{"region": "us-east-1", "stream": sc.stream, "endpoint": s.URL(), "metrics_listen": p.page}
		maps.Copy(all, sc.options)
		config.Instances = append(config.Instances, all)
	}
	p.host = flbhost.Run(t, config)
	t.Cleanup(p.stop)
	for i, sc := range p.scenes {
		p.feeds.Go(func() { p.feed(t, i, sc) })
	}
	return p
}

// environment is that of the host beside what the stream asks for: nothing is in
// it that would change how the plugin works.
var environment = []string{"FLB_LOG_LEVEL=error", "SEND_FAILURE_TIMEOUT", "EKS_POD_EXECUTION_ROLE", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_ENDPOINT_URL"}

// runTokens is a token service that gives nobody a role, and once the play is
// healed passes requests on to that of the stream.
func (p *play) runTokens(t *testing.T) string {
	t.Helper()
	behind, err := url.Parse(p.stream.STSURL())
	require.NoError(t, err)
	pass := httputil.NewSingleHostReverseProxy(behind)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.healed.Load() {
			pass.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`))
	}))
	t.Cleanup(service.Close)
	return service.URL
}

// feed gives an output a chunk after the other, ten a second at most.
func (p *play) feed(t *testing.T, instance int, sc scene) {
	for n := 0; ; n++ {
		select {
		case <-p.end:
			return
		case <-time.After(100 * time.Millisecond):
		}
		chunk, spoiled := lines, p.spoiled.Load()
		if spoiled && sc.chunk != nil {
			chunk = sc.chunk
		}
		jobs := []*flbhost.Job{p.host.Go(instance, "app.log", chunk(n))}
		if spoiled {
			for ; sc.burst > 0; sc.burst-- {
				n++
				jobs = append(jobs, p.host.Go(instance, "app.log", chunk(n)))
			}
		}
		results, err := flbhost.WaitAll(jobs...)
		if err != nil {
			t.Errorf("%s: %v", sc.stream, err)
			return
		}
		if sc.comesBack && results[0].Code == flbhost.Retry {
			n--
		}
	}
}

// spoil lets what happens in the scenes begin.
func (p *play) spoil(t *testing.T) {
	t.Helper()
	for _, sc := range p.scenes {
		require.NoError(t, p.stream.SetFaultsOf(sc.stream, sc.faults))
	}
	p.spoiled.Store(true)
}

// heal ends it.
func (p *play) heal() {
	p.spoiled.Store(false)
	p.healed.Store(true)
	p.stream.Heal()
}

// stop ends the feeds.
func (p *play) stop() {
	p.heal()
	close(p.end)
	p.feeds.Wait()
}

// An alert is one that fires for a stream.
type alert struct{ stream, name string }

// alerts are those that the scenes are made for.
func (p *play) alerts() (all []alert) {
	for _, sc := range p.scenes {
		for _, name := range sc.fires {
			all = append(all, alert{sc.stream, name})
		}
	}
	return all
}
