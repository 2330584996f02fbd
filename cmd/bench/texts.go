package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/rs/zerolog"

	"fluent-bit-kinesis/plugins/msgjson"
)

// A text is a log line beyond ASCII, of about 110 bytes.
type text struct{ name, line string }

var texts = []text{
	{"accented Latin", `Le thé à la crème brûlée a été commandé par une cliente fidèle à Besançon, livré à l'étage, payé`},
	{"Cyrillic", `Заказ принят: чай, три печенья, доставка завтра утром на дом`},
	{"Chinese", `订单已确认:茶一壶、点心三份,明天上午送到,已用银行卡付款,谢谢惠顾,欢迎再来`},
	{"emoji", `🍵 order placed 🎉 delivery tomorrow 🚚💨 paid 💳✅ thank you 🙏🙂 see you soon 👋🏽👋🏽 🍰🍩`},
}

// A textResult is what a text takes as a member of a JSON object, in ns.
type textResult struct {
	Name          string
	Ours, Zerolog float64
}

const (
	textRounds  = 40  // of either in turn: the fastest counts, for a busy machine slows some
	textPerPass = 50  // in an event, so that what the event itself takes hardly counts
	textPasses  = 100 // in a round
)

// measureText measures the plugin and zerolog in turn, so that what else the
// machine does falls on both.
func measureText(t text) textResult {
	ours, theirs := time.Duration(1<<62), time.Duration(1<<62)
	line, out := []byte(t.line), []byte(nil)
	logger := zerolog.New(io.Discard)
	for range textRounds {
		ours = min(ours, timed(func() {
			out = out[:0]
			for range textPerPass {
				out = msgjson.AppendString(append(out, `,"a":`...), line)
			}
		}))
		theirs = min(theirs, timed(func() {
			event := logger.Log()
			for range textPerPass {
				event.Str("a", t.line)
			}
			event.Send()
		}))
	}
	each := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / (textPasses * textPerPass) }
	return textResult{Name: t.name, Ours: each(ours), Zerolog: each(theirs)}
}

// timed is how long a round of passes takes.
func timed(pass func()) time.Duration {
	start := time.Now()
	for range textPasses {
		pass()
	}
	return time.Since(start)
}

func textGoals(rows []textResult) (list []goal) {
	for _, r := range rows {
		list = append(list, goal{Text: r.Name + ": ns to write 110 bytes as JSON, as a multiple of zerolog's", Value: r.Ours / r.Zerolog, Most: 1, Decimal: 2})
	}
	return list
}

// printTexts writes the table of text beyond ASCII.
func printTexts(w io.Writer, rows []textResult) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprint(w, "\ntext of about 110 bytes, as a member of a JSON object:\n\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "text\tns\tzerolog ns\t")
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%.0f\t%.0f\t\n", r.Name, r.Ours, r.Zerolog)
	}
	t.Flush()
}
