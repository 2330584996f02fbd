package main

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/samples"
)

// How long a test waits for something that takes no time on a quiet machine, and how often it looks.
const (
	eventually = time.Minute
	poll       = 10 * time.Millisecond
)

// actAsFluentBit in the environment has this test program be a Fluent Bit, as far as the run needs one.
const actAsFluentBit = "RUN_TEST_ACT_AS_FLUENT_BIT"

func TestARealFluentBitGetsAllLinesAndIsStopped(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	host, err := flbhost.Binary()
	require.NoError(t, err)
	t.Setenv("FLUENT_BIT", self)
	t.Setenv("FLBHOST_BINARY", host)
	t.Setenv(actAsFluentBit, "1")

	status, stdout, stderr := runWith(t, "", "-workers", "2", "-o", "partition_key=kubernetes->pod_name", "-o", "time_key=at",
		"-o", "time_key_format=%Y-%m-%dT%H:%M:%S.%L", "-full")
	require.Zero(t, status, stderr)
	require.Equal(t, all(grouped(int64(len(samples.Events())))), summaryOf(stdout))
	require.Contains(t, stdout, `"at":"2026-03-14T09:26:53.104"`, "an event keeps its time")
	require.NotContains(t, stdout, eventTimeKey, "the parser takes its time key away")
	require.Contains(t, stderr, "fluent-bit | stopped by SIGTERM")
}

func TestAFluentBitThatDoesNotStartIsAnError(t *testing.T) {
	for name, path := range map[string]string{"no such program": "/no/such/fluent-bit", "a program that ends at once": "/bin/false"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("FLUENT_BIT", path)
			status, stdout, stderr := runWith(t, "x\n", "-input", "-")
			require.Equal(t, statusLost, status, stdout)
			require.Regexp(t, `(?s)run: .*(no such file|exit status 1)`, stderr)
		})
	}
}

func TestTailLineCarriesTheTimeAndKeepsTheNumberFirst(t *testing.T) {
	at := time.Date(2026, 3, 14, 10, 26, 53, 104512873, time.FixedZone("", 3600))
	event := samples.Event{Time: at, Fields: []samples.Field{flbhost.F("log", "a\"b"), flbhost.F("n", int64(1))}}
	line := string(appendTailLine(nil, newTally().send(event)))
	require.Equal(t, `{"run_line":1,"log":"a\"b","n":1,"run_time":"2026-03-14T09:26:53.104512873+0000"}`+"\n", line)
}

// standIn reads a configuration as fluentBit.configure writes it, has the plugin loaded by the bundled host, tails
// the events until SIGTERM, and tells on standard output that it was stopped so.
func standIn(args []string) int {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	if err := tailUntil(signals, args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("stopped by SIGTERM")
	return 0
}

func tailUntil(signals <-chan os.Signal, configFile string) error {
	service, err := readSections(configFile)
	if err != nil {
		return err
	}
	plugins, err := readSections(service["SERVICE"]["plugins_file"])
	if err != nil {
		return err
	}
	options := maps.Clone(service["OUTPUT"])
	workers, err := strconv.Atoi(options["workers"])
	if err != nil {
		return err
	}
	host, err := flbhost.Start(flbhost.Config{
		Library: plugins["PLUGINS"]["path"], Instances: []map[string]string{options}, Workers: workers,
	})
	if err != nil {
		return err
	}
	file, err := os.Open(service["INPUT"]["path"])
	if err != nil {
		return err
	}
	defer file.Close()
	lines, partial := bufio.NewReader(file), ""
	for {
		var chunk flbhost.Chunk
		for {
			line, err := lines.ReadString('\n')
			partial += line
			if err != nil {
				break
			}
			event := parsed(partial)
			partial = ""
			chunk.Append(flbhost.WithMetadata(event.Time), event.Fields...)
		}
		if chunk.Len() > 0 {
			if _, err := host.Flush(0, "tail", chunk.Bytes()); err != nil {
				return err
			}
		}
		select {
		case <-signals:
			return host.Exit()
		case <-time.After(poll):
		}
	}
}

// parsed does what the parser of the configuration asks for.
func parsed(line string) samples.Event {
	event := samples.ContainerOf("-").Event(strings.TrimSuffix(line, "\n"), time.Time{})
	event.Time, _ = time.Parse("2006-01-02T15:04:05.999999999-0700", event.Text(eventTimeKey))
	event.Fields = slices.DeleteFunc(event.Fields, func(f samples.Field) bool { return f.Key == eventTimeKey })
	return event
}

// readSections reads a file in Fluent Bit's classic format, of which no section comes twice.
func readSections(path string) (map[string]map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	sections, section := map[string]map[string]string{}, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if name, isSection := strings.CutPrefix(line, "["); isSection {
			section = strings.TrimSuffix(name, "]")
			sections[section] = map[string]string{}
			continue
		}
		if key, value, found := strings.Cut(line, " "); found {
			sections[section][strings.ToLower(key)] = strings.TrimSpace(value)
		}
	}
	return sections, nil
}

func TestArrivalIsNotAwaitedOnceEverythingLanded(t *testing.T) {
	counts := newTally()
	counts.send(samples.Event{})
	counts.land([]byte(`{"run_line":1}`))
	(&fluentBit{counts: counts}).awaitArrival(context.Background(), nil)
}
