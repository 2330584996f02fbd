package main

import (
	"bufio"
	"os"
	"strings"
	"sync"
	"time"
)

// A logFollower shows the lines of a log file as another process writes them.
type logFollower struct {
	asked   chan chan<- struct{} // by catchUp, which waits for its channel to be closed
	done    chan struct{}
	stopped sync.WaitGroup
}

// followLog creates the file, which the other process may truncate before it writes, and gives each line to show.
func followLog(path string, show func(line string)) (*logFollower, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	f := &logFollower{asked: make(chan chan<- struct{}), done: make(chan struct{})}
	f.stopped.Go(func() {
		defer file.Close()
		f.follow(bufio.NewReader(file), show)
	})
	return f, nil
}

func (f *logFollower) follow(r *bufio.Reader, show func(line string)) {
	const interval = 50 * time.Millisecond
	var line strings.Builder    // what has been written of a line so far
	var waiting chan<- struct{} // who waits for the end of what is written; nil if nobody does
	for last := false; ; {
		text, err := r.ReadString('\n') // an error is the end of what is written so far
		line.WriteString(text)
		if err == nil {
			show(strings.TrimRight(line.String(), "\r\n"))
			line.Reset()
			continue
		}
		if waiting != nil {
			close(waiting)
			waiting = nil
		}
		if last {
			if line.Len() > 0 {
				show(line.String())
			}
			return
		}
		select {
		case <-f.done:
			last = true // once more, for what came since
		case waiting = <-f.asked:
		case <-time.After(interval):
		}
	}
}

// catchUp returns when all lines that have been written are shown.
func (f *logFollower) catchUp() {
	shown := make(chan struct{})
	f.asked <- shown
	<-shown
}

// stop returns when all that has been written is shown. The other process has ended by now.
func (f *logFollower) stop() {
	close(f.done)
	f.stopped.Wait()
}
