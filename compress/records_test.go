package compress

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
)

// logRecords makes n records as Fluent Bit's kubernetes filter leaves them: a container's log line with its stream and
// the pod it came from, as one JSON object of about 450 bytes. The same seed makes the same records.
func logRecords(seed uint64, n int) [][]byte {
	g := recordGenerator{rnd: rand.New(rand.NewPCG(seed, 1))}
	records := make([][]byte, n)
	for i := range records {
		records[i] = g.record(i)
	}
	return records
}

type recordGenerator struct{ rnd *rand.Rand }

var services = []string{"checkout", "payments-api", "inventory", "frontend", "auth-gateway", "search-indexer"}

func (g *recordGenerator) record(i int) []byte {
	service := services[g.rnd.IntN(len(services))]
	pod := fmt.Sprintf("%s-%s-%s", service, g.hex(5), g.hex(3)[:5])
	return fmt.Appendf(nil, `{"log":%q,"stream":%q,"time":"2024-06-%02dT%02d:%02d:%02d.%09dZ","container_id":"%s",`+
		`"kubernetes":{"pod_name":%q,"namespace_name":"prod-%s","pod_id":"%s-%s-4%s-a%s-%s","host":"ip-10-%d-%d-%d.eu-west-1.compute.internal",`+
		`"container_name":%q}}`,
		g.line(), []string{"stdout", "stderr"}[i%7/6], 1+i%28, g.rnd.IntN(24), g.rnd.IntN(60), g.rnd.IntN(60), g.rnd.IntN(1e9),
		g.hex(32), pod, strings.Split(service, "-")[0], g.hex(4), g.hex(2), g.hex(2)[1:], g.hex(2)[1:], g.hex(6),
		g.rnd.IntN(256), g.rnd.IntN(256), g.rnd.IntN(256), service)
}

// line is a log line of one of the usual kinds: an access log, a levelled message, key=value pairs.
func (g *recordGenerator) line() string {
	switch g.rnd.IntN(3) {
	case 0:
		return fmt.Sprintf(`10.%d.%d.%d - - "%s /api/v1/orders/%d HTTP/1.1" %d %d "-" "okhttp/4.9.3" rt=0.%03d`+"\n",
			g.rnd.IntN(256), g.rnd.IntN(256), g.rnd.IntN(256), []string{"GET", "POST", "PUT"}[g.rnd.IntN(3)],
			g.rnd.IntN(1e7), []int{200, 201, 304, 404, 500}[g.rnd.IntN(5)], g.rnd.IntN(50000), g.rnd.IntN(1000))
	case 1:
		return fmt.Sprintf("%s [worker-%d] c.e.%s.OrderService: order %d accepted for customer %s in %d ms\n",
			[]string{"INFO", "WARN", "ERROR"}[g.rnd.IntN(3)], g.rnd.IntN(32), g.hex(2), g.rnd.IntN(1e7), g.hex(4), g.rnd.IntN(900))
	default:
		return fmt.Sprintf("level=info msg=\"request finished\" trace=%s status=%d bytes=%d duration=%d.%03dms\n",
			g.hex(8), 200+g.rnd.IntN(5), g.rnd.IntN(1e6), g.rnd.IntN(100), g.rnd.IntN(1000))
	}
}

// hex is n random bytes as 2n hexadecimal digits.
func (g *recordGenerator) hex(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.rnd.Uint32())
	}
	return hex.EncodeToString(b)
}
