package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"

	"fluent-bit-kinesis/internal/kinesistest"
	"fluent-bit-kinesis/kinesis/wire"
	"fluent-bit-kinesis/plugins"
)

// settings are the command's flags.
type settings struct {
	library string
	input   string // a file, "-", or empty for the bundled lines
	repeat  int
	options map[string]string // as given by -o
	workers int
	// chunkLines is how many lines the bundled host puts into a chunk; 0 is as many as go in.
	chunkLines int
	shards     int
	// throttle is the share of records, in percent, that the stream refuses at first.
	throttle float64
	limits   bool // the stream has the service's own
	show     int  // records that are shown one by one; negative is all
	full     bool
	watch    bool   // numbers on the whole terminal, in place of records
	host     string // "auto", "bundled" or "fluent-bit"
	metrics  string // where the plugin serves its own
}

const usage = `usage: run [flags]

Puts log lines on an embedded Kinesis stream through the plugin, shows what lands, and counts.

  -input FILE    log lines to send, in place of the bundled ones; "-" is standard input
  -n N           send the input N times (1)
  -o KEY=VALUE   an option of the plugin, as in its [OUTPUT] section; may be given many times
  -workers N     threads that flush, as Fluent Bit's workers option (0: Fluent Bit's own thread)
  -chunk-lines N lines of a chunk, for the bundled host to hand over many small ones; Fluent Bit cuts its own
                 (0: a chunk goes out at 2 MB, or after a second)
  -shards N      shards of the stream (4)
  -throttle P    have the stream refuse P percent of the records it is offered as throttled (0)
  -limits        have the stream keep the service's limits: 1,000 records and 1 MiB a second on each shard
  -show N        records to show one by one, before a progress line takes over (100); -1 shows all
  -watch         show numbers in place of records, on the whole terminal: speed, refusals, requests in flight, shards, the pace
                 that the plugin has learned; in lines where standard output is no terminal
  -full          show the whole data of a record, not its first 160 characters
  -host NAME     auto: the fluent-bit that FLUENT_BIT names or the PATH has, else the bundled host (auto)
                 fluent-bit, bundled: that one
  -library PATH  the plugin (bin/kinesis.so)

Through make: make run ARGS="-n 100 -workers 4 -o partition_key=container_id -o data_keys=log"
              make run ARGS="-n 500 -workers 8 -limits -watch"
`

func parseSettings(args []string, stderr io.Writer) (settings, error) {
	set := settings{options: map[string]string{}}
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&set.library, "library", "bin/kinesis.so", "")
	flags.StringVar(&set.input, "input", "", "")
	flags.IntVar(&set.repeat, "n", 1, "")
	flags.IntVar(&set.workers, "workers", 0, "")
	flags.IntVar(&set.chunkLines, "chunk-lines", 0, "")
	flags.IntVar(&set.shards, "shards", 4, "")
	flags.Float64Var(&set.throttle, "throttle", 0, "")
	flags.BoolVar(&set.limits, "limits", false, "")
	flags.IntVar(&set.show, "show", 100, "")
	flags.BoolVar(&set.full, "full", false, "")
	flags.BoolVar(&set.watch, "watch", false, "")
	flags.StringVar(&set.host, "host", "auto", "")
	flags.Func("o", "", set.addOption)
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stderr, usage)
		return set, err
	}
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("%q is not a flag; an option of the plugin is given as -o key=value", flags.Arg(0))
	}
	if set.watch {
		flags.Visit(func(f *flag.Flag) {
			if f.Name == "show" || f.Name == "full" {
				err = errors.Join(err, fmt.Errorf("-watch shows numbers in place of records: leave out -%s", f.Name))
			}
		})
		set.show = 0
	}
	return set, errors.Join(err, set.check())
}

// taken are the keys that are not the plugin's, or that the run itself has to set.
var taken = map[string]string{
	"endpoint": "the run sends to its own stream",
	"name":     "it is always kinesis",
	"match":    "it is always *",
	"workers":  "give -workers N",
}

func (s *settings) addOption(text string) error {
	key, value, found := strings.Cut(text, "=")
	key = strings.ToLower(strings.TrimSpace(key))
	if !found || key == "" {
		return errors.New("an option is key=value, such as partition_key=container_id")
	}
	if why, isTaken := taken[key]; isTaken {
		return fmt.Errorf("%s cannot be set: %s", key, why)
	}
	if strings.ContainsAny(value, "\r\n") {
		return fmt.Errorf("the value of %s holds a line break, which no configuration file can hold", key)
	}
	s.options[key] = value
	return nil
}

func (s *settings) check() error {
	var errs []error
	for _, n := range []struct {
		flag             string
		value, low, high int
	}{
		{"-n", s.repeat, 1, 1_000_000_000},
		{"-workers", s.workers, 0, 64},
		{"-chunk-lines", s.chunkLines, 0, 1_000_000},
		{"-shards", s.shards, 1, 1000},
	} {
		if n.value < n.low || n.value > n.high {
			errs = append(errs, fmt.Errorf("%s is %d, must be %d to %d", n.flag, n.value, n.low, n.high))
		}
	}
	if !(s.throttle >= 0 && s.throttle <= 100) {
		errs = append(errs, fmt.Errorf("-throttle is %v, must be 0 to 100 percent", s.throttle))
	}
	if hosts := []string{"auto", "bundled", "fluent-bit"}; !slices.Contains(hosts, s.host) {
		errs = append(errs, fmt.Errorf("-host is %q, must be one of %s", s.host, strings.Join(hosts, ", ")))
	}
	if s.host == "fluent-bit" && s.chunkLines > 0 {
		errs = append(errs, errors.New("-chunk-lines is for the bundled host: Fluent Bit cuts chunks as it sees fit; give -host bundled"))
	}
	if s.input == "-" && s.repeat > 1 {
		errs = append(errs, errors.New("-n sends the input again, which standard input cannot be; give a file"))
	}
	return errors.Join(errs...)
}

// isTemplate tells whether the plugin makes a stream's name for each record.
func (s *settings) isTemplate() bool { return strings.Contains(s.options["stream"], "$") }

// streams are those that there are from the start. The streams of a template come with their first record.
func (s *settings) streams() map[string]int {
	if !s.isTemplate() {
		return map[string]int{s.stream(): s.shards}
	}
	return nil
}

// missingShards is how many shards a stream has that comes with its first record; 0 where none does.
func (s *settings) missingShards() int {
	if s.isTemplate() {
		return s.shards
	}
	return 0
}

// maxRecord is what the embedded streams take: as much as the plugin may send them, and 0, which is as much as
// streams take at first, where the plugin is to refuse what it is given.
func (s *settings) maxRecord() int {
	var bytes int
	if plugins.Size(&bytes, wire.MaxRecordBytes, wire.MaxLargeBytes).Set(s.options["maximum_record_size"]) != nil {
		return 0
	}
	return bytes
}

// stream is the name of the embedded stream, which is at the end of an ARN.
func (s *settings) stream() string {
	given := s.optionOr("stream", "run")
	if _, name, isARN := strings.Cut(given, ":stream/"); isARN {
		return name
	}
	return given
}

// region is that of the embedded stream: without a region that in the ARN, as the plugin takes it.
func (s *settings) region() string {
	if arn := strings.Split(s.options["stream"], ":"); len(arn) == 6 {
		return s.optionOr("region", arn[3])
	}
	return s.optionOr("region", "us-east-1")
}

func (s *settings) optionOr(key, otherwise string) string {
	if value := s.options[key]; value != "" {
		return value
	}
	return otherwise
}

// chooseMetrics finds where the plugin is to serve its metrics: where it is told to, or at a port that is free.
func (s *settings) chooseMetrics() error {
	s.metrics = s.optionOr("metrics_listen", "127.0.0.1:0")
	if _, port, err := net.SplitHostPort(s.metrics); err != nil || port != "0" {
		return nil // what is no address the plugin refuses
	}
	listener, err := net.Listen("tcp", s.metrics)
	if err != nil {
		return err
	}
	s.metrics = listener.Addr().String()
	return listener.Close()
}

// pluginOptions are the options given, and those that lead the plugin to the embedded services.
func (s *settings) pluginOptions(stream *kinesistest.Server) map[string]string {
	options := maps.Clone(s.options)
	options["stream"], options["region"] = s.optionOr("stream", s.stream()), s.region()
	options["endpoint"] = stream.URL()
	options["metrics_listen"] = s.metrics
	if assumesRole := options["role_arn"] != "" || os.Getenv("EKS_POD_EXECUTION_ROLE") != ""; assumesRole {
		options["sts_endpoint"] = stream.STSURL()
	}
	return options
}

// fluentBit is the path of the Fluent Bit to run. The error says why it is none.
func (s *settings) fluentBit() (string, error) {
	if s.host == "bundled" {
		return "", errors.New("as asked for")
	}
	if s.chunkLines > 0 {
		return "", errors.New("as -chunk-lines asks for")
	}
	if path := os.Getenv("FLUENT_BIT"); path != "" {
		return path, nil
	}
	path, err := exec.LookPath("fluent-bit")
	if err != nil && s.host == "auto" {
		return "", errors.New("there is no fluent-bit on the PATH")
	}
	if err != nil {
		return "fluent-bit", nil // starting it tells why it cannot be
	}
	return path, nil
}
