package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"
)

// A bareRun is what the bare client is to do: the least that any sender over
// HTTPS does. It hashes bodies, posts them, and reads the answers.
type bareRun struct {
	URL, CA  string
	Requests int
	Size     int // of a body, in bytes
	InFlight int
}

// measureBare is the CPU of the bare client, in us.
func measureBare(server *stream, requests, size, inFlight int) (float64, error) {
	run, err := json.Marshal(bareRun{URL: server.URL, CA: server.CA, Requests: requests, Size: size, InFlight: inFlight})
	if err != nil {
		return 0, err
	}
	command, in, out, err := startSelf("-bare", string(run))
	if err != nil {
		return 0, err
	}
	var us float64
	if err := out.Decode(&us); err != nil {
		return 0, err
	}
	if err := in.Close(); err != nil {
		return 0, err
	}
	return us, command.Wait()
}

// bare is the process of the bare client. It prints the CPU it used after a
// few requests to warm up.
func bare(text string) error {
	var run bareRun
	if err := json.Unmarshal([]byte(text), &run); err != nil {
		return err
	}
	client, err := bareClient(run)
	if err != nil {
		return err
	}
	if err := run.post(client, 2*run.InFlight); err != nil {
		return err
	}
	before := cpu()
	if err := run.post(client, run.Requests); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(micros(cpu() - before))
}

func bareClient(run bareRun) (*http.Client, error) {
	pem, err := os.ReadFile(run.CA)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots},
		MaxIdleConnsPerHost: run.InFlight,
	}}, nil
}

// post sends so many bodies, as many at a time as were in flight from the
// plugin. What the stream says to them does not matter, for it reads them all
// the same; the answers of its refusals are shorter than those to records.
func (run bareRun) post(client *http.Client, requests int) error {
	var group sync.WaitGroup
	failures := make(chan error, run.InFlight)
	for worker := range run.InFlight {
		group.Go(func() {
			body := bytes.Repeat([]byte("x"), run.Size)
			for i := worker; i < requests; i += run.InFlight {
				if err := run.exchange(client, body); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(failures)
	return <-failures
}

func (run bareRun) exchange(client *http.Client, body []byte) error {
	sum := sha256.Sum256(body)
	request, err := http.NewRequest(http.MethodPost, run.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "Kinesis_20131202.PutRecords")
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("bare client: %w", err)
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

// cpu is the user and system time of this process.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
