package flbhost

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The wire between driver and program is described in host/commands.h: a command is a numbered line and the bytes
// that it announces, an answer is a line that begins with the command's number.

// reply is an answer, or why there will be none.
type reply struct {
	number uint64
	word   string
	rest   []string
	err    error
}

// fields is the reply's numbers, if it is the word expected with as many fields.
func (r reply) fields(word string, count int) ([]int64, error) {
	if r.err != nil {
		return nil, r.err
	}
	if r.word == "failed" && len(r.rest) == 1 {
		return nil, fmt.Errorf("the plugin host answered: %s", text(r.rest[0]))
	}
	if r.word != word || len(r.rest) != count {
		return nil, fmt.Errorf("the plugin host answered %q %q, want %q and %d numbers", r.word, r.rest, word, count)
	}
	numbers := make([]int64, count)
	for i, field := range r.rest {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the plugin host answered %q %q: %w", r.word, r.rest, err)
		}
		numbers[i] = n
	}
	return numbers, nil
}

// parseReply reads a line of answer.
func parseReply(line string) (reply, error) {
	words := strings.Fields(line)
	if len(words) < 2 {
		return reply{}, fmt.Errorf("the plugin host answered %q", line)
	}
	number, err := strconv.ParseUint(words[0], 10, 64)
	if err != nil {
		return reply{}, fmt.Errorf("the plugin host answered %q: %w", line, err)
	}
	return reply{number: number, word: words[1], rest: words[2:]}, nil
}

// text is a word of an answer that stands for a text. What is not hexadecimal stands for itself.
func text(word string) string {
	if word == "-" {
		return ""
	}
	decoded, err := hex.DecodeString(word)
	if err != nil {
		return word
	}
	return string(decoded)
}

// parseRegistration reads the host's first line.
func parseRegistration(r reply) (Registration, error) {
	if len(r.rest) != 6 {
		_, err := r.fields("registered", 6)
		return Registration{}, err
	}
	names := r.rest[4:]
	r.rest = r.rest[:4]
	f, err := r.fields("registered", 4)
	if err != nil {
		return Registration{}, err
	}
	return Registration{
		Type: int(f[0]), Proxy: int(f[1]), Flags: int(f[2]), EventType: int(f[3]),
		Name: text(names[0]), Description: text(names[1]),
	}, nil
}

// send writes a command and the bytes that it announces, and returns where its reply will come: always exactly one,
// whatever happens.
func (h *Host) send(command string, payload ...[]byte) <-chan reply {
	replies := make(chan reply, 1)
	line := strconv.FormatUint(h.expect(replies), 10) + " " + command + "\n"

	h.sending.Lock()
	defer h.sending.Unlock()
	if err := h.write(line, payload); err != nil {
		// The process is gone or going: the reader of its answers says how to everyone who waits.
		h.kill("its commands could not be written: " + err.Error())
	}
	return replies
}

// together is how many bytes are copied to be written with what comes before them. Each write wakes the host.
const together = 32 << 10

// write writes a command's line and bytes, the small ones in one piece. The caller holds sending.
func (h *Host) write(line string, payload [][]byte) error {
	h.unsent = append(h.unsent[:0], line...)
	for _, bytes := range payload {
		if len(h.unsent)+len(bytes) <= together {
			h.unsent = append(h.unsent, bytes...)
			continue
		}
		if _, err := h.stdin.Write(h.unsent); err != nil {
			return err
		}
		h.unsent = h.unsent[:0]
		if _, err := h.stdin.Write(bytes); err != nil {
			return err
		}
	}
	if len(h.unsent) == 0 {
		return nil
	}
	_, err := h.stdin.Write(h.unsent)
	return err
}

// readReplies hands each answer to who waits for it, until there are no more. The first one, unasked, has number 0.
func (h *Host) readReplies(r io.Reader) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		answer, err := parseReply(lines.Text())
		if err != nil {
			h.kill(err.Error())
			continue
		}
		h.deliver(answer)
	}
}
