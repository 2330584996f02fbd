package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
)

// A target is where the bare client posts to.
type target struct {
	URL, CA  string
	InFlight int // requests at a time
}

// A bareClient does the least that any sender over HTTPS does: it hashes
// bodies, posts them with net/http as that comes, and reads the answers. The
// stream asks for no signature.
type bareClient struct {
	target
	http   *http.Client
	header http.Header
}

func (t target) client(wireFormat string) (*bareClient, error) {
	pem, err := os.ReadFile(t.CA)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	if wireFormat == "" {
		wireFormat = "json"
	}
	return &bareClient{
		target: t,
		http: &http.Client{Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{RootCAs: roots},
			MaxIdleConnsPerHost: t.InFlight,
		}},
		header: http.Header{
			"Content-Type": {"application/x-amz-" + wireFormat + "-1.1"},
			"X-Amz-Target": {"Kinesis_20131202.PutRecords"},
		},
	}, nil
}

// post sends the bodies, each once.
func (c *bareClient) post(bodies [][]byte) error {
	var group sync.WaitGroup
	var next atomic.Int64
	failures := make(chan error, c.InFlight)
	for range c.InFlight {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(bodies)); i = next.Add(1) - 1 {
				if err := c.exchange(bodies[i]); err != nil {
					failures <- fmt.Errorf("bare client: %w", err)
					return
				}
			}
		})
	}
	group.Wait()
	close(failures)
	return <-failures
}

func (c *bareClient) exchange(body []byte) error {
	sum := sha256.Sum256(body)
	request, err := http.NewRequest(http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = c.header.Clone()
	request.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
	answer, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err = io.Copy(io.Discard, answer.Body); err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("the stream answers %s", answer.Status)
	}
	return err
}
