package main

import (
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"fluent-bit-kinesis/internal/kinesistest"
)

// settings are what the flags say.
type settings struct {
	options   kinesistest.Options
	print     bool
	exitOnEOF bool
	healAfter time.Duration
}

// parse reads the flags.
func parse(args []string, stderr io.Writer) (settings, error) {
	s := settings{}
	flags := flag.NewFlagSet("kinesis-stream", flag.ContinueOnError)
	flags.SetOutput(stderr)
	s.server(flags)
	credentials := credentials(flags)
	s.faults(flags)
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q; all settings are flags, see -help", flags.Arg(0))
	}
	s.options.Credentials = []kinesistest.Credentials{*credentials}
	return s, nil
}

// server declares the flags of the server itself.
func (s *settings) server(flags *flag.FlagSet) {
	o := &s.options
	o.Streams = make(map[string]int)
	flags.StringVar(&o.Address, "address", "127.0.0.1:0", "`host:port` to serve the streams on")
	flags.StringVar(&o.STSAddress, "sts-address", "127.0.0.1:0", "`host:port` to serve AssumeRole on")
	flags.BoolFunc("tls", "serve over TLS with a certificate of its own; -tls=false is plain HTTP (default true)", func(text string) error {
		on, err := strconv.ParseBool(text)
		o.PlainHTTP = !on
		return err
	})
	flags.BoolVar(&o.HTTP2, "http2", false, "offer HTTP/2 too")
	flags.Func("hosts", "comma-separated `names` in the certificate in place of the address's own", func(text string) error {
		o.Hosts = strings.Split(text, ",")
		return nil
	})
	flags.Func("streams", "comma-separated streams to create, each `name:shards`; may be repeated", func(text string) error {
		return addStreams(o.Streams, text)
	})
	flags.StringVar(&o.Region, "region", "", "the only `region` whose signatures are accepted; any if empty")
	flags.BoolVar(&o.SkipSignatures, "skip-signatures", false, "accept requests that are not signed, or wrongly")
	flags.DurationVar(&o.SessionLifetime, "session-lifetime", 0, "how long an assumed role's credentials are valid; as asked for if 0")
	flags.BoolVar(&o.ShardLimits, "shard-limits", false, "throttle at 1,000 records and 1 MiB a second for each shard")
	flags.BoolVar(&o.Discard, "discard", false, "keep counts, but no records")
	flags.BoolVar(&o.SkipOverlaps, "skip-overlaps", false, "do not watch for a partition key in two requests at once")
	flags.BoolVar(&s.print, "print", false, "print each record that lands as a line of JSON")
	flags.BoolVar(&s.exitOnEOF, "exit-on-eof", false, "end when standard input ends")
}

// credentials declares the flags of the credentials to accept.
func credentials(flags *flag.FlagSet) *kinesistest.Credentials {
	c := kinesistest.DefaultCredentials
	flags.StringVar(&c.AccessKeyID, "access-key-id", c.AccessKeyID, "`id` of the access key that requests are signed with")
	flags.StringVar(&c.SecretAccessKey, "secret-access-key", c.SecretAccessKey, "its `secret`")
	flags.StringVar(&c.SessionToken, "session-token", "", "the session `token` that goes with it, if any")
	return &c
}

// faults declares the flags of what goes wrong with PutRecords.
func (s *settings) faults(flags *flag.FlagSet) {
	f := &s.options.Faults
	flags.Uint64Var(&s.options.Seed, "seed", 1, "drives all faults: the same `number` repeats a run")
	flags.Float64Var(&f.ThrottleRecords, "throttle-records", 0, "`fraction` of records refused as throttled")
	flags.Float64Var(&f.FailRecords, "fail-records", 0, "`fraction` of records refused as failed")
	flags.BoolVar(&f.ThrottleAll, "throttle-all", false, "refuse every record as throttled")
	flags.Float64Var(&f.FailRequests, "fail-requests", 0, "`fraction` of requests answered 500 InternalFailure")
	flags.Float64Var(&f.ThrottleRequests, "throttle-requests", 0, "`fraction` of requests refused as throttled")
	flags.Func("answer-error", "`fraction:code` of requests answered with an error, such as 0.1:AccessDeniedException", func(text string) error {
		return answerError(f, text)
	})
	flags.Float64Var(&f.BadGateway, "bad-gateway", 0, "`fraction` of requests answered 502 with a page of HTML")
	flags.Float64Var(&f.CutBefore, "cut-before", 0, "`fraction` of requests whose connection is cut with nothing landed")
	flags.Float64Var(&f.CutAfter, "cut-after", 0, "`fraction` of requests whose connection is cut once their records have landed")
	flags.Float64Var(&f.CutWithin, "cut-within", 0, "`fraction` of requests whose connection is cut within the answer")
	flags.Float64Var(&f.StallWithin, "stall-within", 0, "`fraction` of requests whose answer ends in its middle, the connection left open until -heal-after")
	flags.Float64Var(&f.Hang, "hang", 0, "`fraction` of requests that hang until -heal-after")
	flags.DurationVar(&f.Delay, "delay", 0, "how long each request waits before it is processed")
	flags.DurationVar(&f.DelayJitter, "delay-jitter", 0, "how much longer at most, at random")
	flags.DurationVar(&f.AnswerDelay, "answer-delay", 0, "how long each answer waits once the records have landed")
	flags.DurationVar(&s.healAfter, "heal-after", 0, "when all faults end; never if 0")
}

// addStreams reads name:shards,name:shards.
func addStreams(streams map[string]int, text string) error {
	for item := range strings.SplitSeq(text, ",") {
		name, number, _ := strings.Cut(item, ":")
		shards, err := strconv.Atoi(number)
		if err != nil || name == "" {
			return fmt.Errorf("%q is not name:shards, such as logs:4", item)
		}
		if _, twice := streams[name]; twice {
			return fmt.Errorf("stream %q is given twice", name)
		}
		streams[name] = shards
	}
	return nil
}

// answerError reads fraction:code.
func answerError(f *kinesistest.Faults, text string) error {
	number, code, _ := strings.Cut(text, ":")
	fraction, err := strconv.ParseFloat(number, 64)
	if err != nil || code == "" {
		return fmt.Errorf("%q is not fraction:code, such as 0.1:AccessDeniedException", text)
	}
	f.AnswerError, f.Error = fraction, kinesistest.ErrorNamed(code)
	return nil
}
