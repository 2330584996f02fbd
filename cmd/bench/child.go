package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
)

// A child is this program once more, in another part. It ends where its
// standard input does, and so with this process at the latest.
type child struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *json.Decoder
}

func startChild(args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{command: exec.Command(self, args...)}
	c.command.Stderr = os.Stderr
	if c.in, err = c.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = json.NewDecoder(out)
	return c, c.command.Start()
}

// read reads what the child says next. Where that is nothing, the child has
// ended, and the error says how.
func (c *child) read(what any) error {
	if err := c.out.Decode(what); err != nil {
		return errors.Join(err, c.close())
	}
	return nil
}

// close has the child end, and waits for it.
func (c *child) close() error {
	return errors.Join(c.in.Close(), c.command.Wait())
}
