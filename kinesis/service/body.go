package service

import (
	"bytes"
	"io"
	"sync"
)

// A requestBody is the body of one request. The HTTP transport may go on
// reading it when the answer is there already, or the request has been given
// up: see http.RoundTripper. The bytes may be used for something else once wait
// has returned.
type requestBody struct {
	bytes []byte
	open  sync.WaitGroup // readers that the transport has not closed
}

// reader starts to read the body, from its beginning. The transport asks for
// another one where it has to send the request anew on another connection.
func (b *requestBody) reader() (io.ReadCloser, error) {
	b.open.Add(1)
	return &bodyReader{Reader: bytes.NewReader(b.bytes), closed: sync.OnceFunc(b.open.Done)}, nil
}

func (b *requestBody) wait() { b.open.Wait() }

type bodyReader struct {
	*bytes.Reader
	closed func()
}

func (r *bodyReader) Close() error {
	r.closed()
	return nil
}
