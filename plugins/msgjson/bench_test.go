package msgjson

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/samples"
	"fluent-bit-kinesis/plugins/events"
)

const benchmarkRecords = 4000 // a chunk of about 2 MB

// benchmarks are what the encoder is measured by, and held to allocate
// nothing for. record is the nth of a chunk.
var benchmarks = []struct {
	name    string
	options Options
	record  func(n int) fields
}{
	{"plain", Options{}, podRecord},
	{"pods in turn", Options{}, podsRecord},
	{"data_keys", Options{Pick: only("log", "kubernetes")}, podRecord},
	{"data_keys of one", Options{Pick: only("log")}, podRecord},
	{"replace_dots", Options{ReplaceDots: []byte("_")}, podRecord},
	{"data_keys, replace_dots and notes", Options{Pick: onlyNoting("stream", "log", "stream", "kubernetes"), ReplaceDots: []byte("_")}, podRecord},
	{"samples", Options{}, sampleRecord},
	{"json log", Options{}, jsonLogRecord},
	{"numbers", Options{}, numbersRecord},
	{"repeated keys", Options{}, repeatedRecord},
	{"many keys, replace_dots", Options{ReplaceDots: []byte("_")}, manyKeysRecord},
}

// BenchmarkRecord encodes a chunk; ns/record is the figure to look at.
func BenchmarkRecord(b *testing.B) {
	for _, x := range benchmarks {
		b.Run(x.name, func(b *testing.B) {
			chunk := benchmarkChunk(x.record)
			e := NewEncoder(x.options)
			out := make([]byte, 0, 64<<10)
			learned := events.NewReader(chunk)
			for learned.Next() {
				if _, _, err := e.AppendRecord(out, learned.Body()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			b.SetBytes(int64(len(chunk)))
			for b.Loop() {
				event := events.NewReader(chunk)
				for event.Next() {
					_, n, err := e.AppendRecord(out, event.Body())
					if err != nil {
						b.Fatal(err)
					}
					event.Advance(n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*benchmarkRecords), "ns/record")
			b.ReportMetric(float64(len(chunk))/benchmarkRecords, "B/record")
		})
	}
}

// BenchmarkString is a string of a record alone, by what is in it.
func BenchmarkString(b *testing.B) {
	const line = `203.0.113.24 - - [14/Mar/2026:09:26:53 +0000] GET /search?q=tea HTTP/1.1 200 10847 Mozilla/5.0 (X11; Linux x86_64) `
	for _, x := range []struct{ name, text string }{
		{"8 bytes", line[:8]},
		{"14 bytes", line[:14]},
		{"30 bytes", line[:30]},
		{"110 bytes", line[:110]},
		{"1 KB", (line + line + line + line + line + line + line + line + line)[:1000]},
		{"110 bytes, 8 quotes", `203.0.113.24 - - "GET /search?q=tea HTTP/1.1" 200 10847 "-" "Mozilla/5.0 (X11; Linux x86_64)" "10.2.31.4" rt=0.01`},
		{"110 bytes, JSON", `{"level":"info","ts":"2026-03-14T09:26:53.1","msg":"order placed","order":"8812","total":"19.90","items":"3","ok":1}`},
		{"110 bytes, accents", `Le thé à la crème brûlée a été commandé par une cliente fidèle à Besançon, livré à l'étage, payé à la réception`},
		{"110 bytes, Cyrillic", `Заказ принят: чай, три печенья, доставка завтра утром на дом`},
		{"110 bytes, Chinese", `订单已确认:茶一壶、点心三份,明天上午送到,已用银行卡付款,谢谢惠顾,欢迎再来`},
		{"110 bytes, emoji", `🍵 order placed 🎉 delivery tomorrow 🚚💨 paid 💳✅ thank you 🙏🙂 see you soon 👋🏽👋🏽 🍰🍩`},
		{"110 bytes, Latin-1", "Le th\xe9 \xe0 la cr\xe8me br\xfbl\xe9e a \xe9t\xe9 command\xe9 par une cliente fid\xe8le \xe0 Besan\xe7on, livr\xe9 \xe0 l'\xe9tage, pay\xe9 \xe0 la r\xe9ception, hier"},
		{"110 bytes, Japanese", `注文が確定しました。お茶と菓子を三つずつ、配達は明日の午前です。`},
	} {
		b.Run(x.name, func(b *testing.B) {
			record := packed(kv("log", x.text), kv("stream", "stdout"))
			pos := bytes.Index(record, []byte(x.text))
			end := pos + len(x.text)
			out := make([]byte, 0, 8<<10)
			b.SetBytes(int64(len(x.text)))
			for b.Loop() {
				appendString(out, record, pos, end)
			}
		})
	}
}

func benchmarkChunk(record func(n int) fields) []byte {
	var c flbhost.Chunk
	for n := range benchmarkRecords {
		c.Append(flbhost.WithMetadata(when.Add(time.Duration(n)*time.Millisecond)), record(n)...)
	}
	return c.Bytes()
}

func only(keys ...string) func(key []byte) Pick {
	return onlyNoting("", keys...)
}

func onlyNoting(noted string, keys ...string) func(key []byte) Pick {
	return func(key []byte) (p Pick) {
		for _, k := range keys {
			if string(key) == k {
				p = Write
			}
		}
		if string(key) == noted {
			p |= Note1
		}
		return p
	}
}

// podRecord is a web server's line from a pod, of about 450 bytes. As Fluent
// Bit has a tag for each pod, and a chunk for each tag, all are of the same.
func podRecord(n int) fields {
	return recordOf("storefront-7c9d8f6b54-k2x8p", n)
}

// podsRecord is the same where one tag is for all.
func podsRecord(n int) fields {
	return recordOf(fmt.Sprintf("storefront-7c9d8f6b54-%05d", n%7), n)
}

func recordOf(pod string, n int) fields {
	return fields{
		kv("log", fmt.Sprintf("203.0.113.%d - - [14/Mar/2026:09:26:53 +0000] \"GET /p/%d?ref=tea HTTP/1.1\" 200 %d \"-\" \"Mozilla/5.0 (X11; Linux x86_64; rv:136.0) Gecko/20100101\" rt=0.014", n%250, n, 1000+7*n)),
		kv("stream", "stdout"),
		kv("container_name", "nginx"),
		kv("kubernetes", fields{
			kv("pod_name", pod),
			kv("namespace_name", "shop"),
			kv("pod_id", "3f1c2a90-5b7d-4e1a-9c3f-08d2b6a1e4f7"),
			kv("labels", fields{kv("app.kubernetes.io/name", "storefront"), kv("pod-template-hash", "7c9d8f6b54")}),
			kv("host", "ip-10-2-31-4.eu-west-1.compute.internal"),
		}),
	}
}

// jsonLogRecord is a line that is JSON itself, which is full of quotes.
func jsonLogRecord(n int) fields {
	return fields{
		kv("log", fmt.Sprintf(`{"level":"info","ts":"2026-03-14T09:26:53.%06dZ","caller":"orders/place.go:118","msg":"order placed","order_id":"%d","customer":"c-%d","total":%d.90,"items":[{"sku":"2284","n":1},{"sku":"1187","n":2}],"duration_ms":%d,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}`, n, n, n*7, n%90, n%250)),
		kv("stream", "stderr"), kv("container_name", "checkout"), kv("docker_id", "09ad7b3c58e1f64d20c97ba5183fe64d7b20c5819ea3f64d72b08c15e93fa7d6"),
	}
}

// numbersRecord is a metric.
func numbersRecord(n int) fields {
	return fields{kv("cpu_p", 12.25+float64(n)/8), kv("user_p", 0.1*float64(n)), kv("mem", int64(1)<<33+int64(n)), kv("pid", n), kv("nice", -5), kv("up", true), kv("swap", nil)}
}

func repeatedRecord(n int) fields {
	return append(podRecord(n), kv("stream", "stderr"))
}

func manyKeysRecord(n int) (members fields) {
	for i := range 140 {
		members = append(members, kv(manyKeys[i], n))
	}
	return members
}

var manyKeys = func() (keys [140]string) {
	for i := range keys {
		keys[i] = fmt.Sprintf("net.eth%d.rx", i)
	}
	return keys
}()

func sampleRecord(n int) fields {
	all := samples.Events()
	return all[n%len(all)].Fields
}
