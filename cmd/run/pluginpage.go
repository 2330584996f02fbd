package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// pluginPage is what the plugin says of itself on its metrics page: the sum of the series of each metric, by the name without
// its namespace. It is nil where the page could not be read.
type pluginPage map[string]float64

const metricsNamespace = "fluentbit_kinesis_"

// parsePluginPage reads Prometheus' text format as far as the plugin writes it: no time stamps. Lines that are not of
// that form, and metrics that are not the plugin's, are passed over.
func parsePluginPage(text []byte) pluginPage {
	page := pluginPage{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		series, found := strings.CutPrefix(lines.Text(), metricsNamespace)
		end := strings.LastIndexByte(series, ' ')
		if !found || end < 0 {
			continue
		}
		if value, err := strconv.ParseFloat(series[end+1:], 64); err == nil {
			name, _, _ := strings.Cut(series[:end], "{")
			page[name] += value
		}
	}
	return page
}

// readPluginPage reads the page at an address.
func readPluginPage(address string) pluginPage {
	client := http.Client{Timeout: time.Second}
	answer, err := client.Get("http://" + address + "/metrics")
	if err != nil {
		return nil // the plugin is not there yet, or no longer
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return nil
	}
	return parsePluginPage(text)
}
