package main

import (
	"container/heap"
	"time"
)

// A clock runs what is to happen, one thing after the other, in the order of its
// time. No time passes in between.
type clock struct {
	now    time.Time
	number int
	queue  events
}

// An event is something that happens at a time. Of those at the same time the one
// that was planned first happens first, so that a run with the same seed is the
// same run.
type event struct {
	at     time.Time
	number int
	do     func()
}

func (c *clock) at(t time.Time, do func()) {
	c.number++
	if t.Before(c.now) {
		t = c.now
	}
	heap.Push(&c.queue, event{at: t, number: c.number, do: do})
}

func (c *clock) after(d time.Duration, do func()) { c.at(c.now.Add(d), do) }

// run lets happen what is to happen before that time.
func (c *clock) run(until time.Time) {
	for len(c.queue) > 0 && c.queue[0].at.Before(until) {
		e := heap.Pop(&c.queue).(event)
		c.now = e.at
		e.do()
	}
	c.now = until
}

type events []event

func (q events) Len() int { return len(q) }

func (q events) Less(i, j int) bool {
	if !q[i].at.Equal(q[j].at) {
		return q[i].at.Before(q[j].at)
	}
	return q[i].number < q[j].number
}

func (q events) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

func (q *events) Push(e any) { *q = append(*q, e.(event)) }

func (q *events) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	(*q)[last] = event{}
	*q = (*q)[:last]
	return e
}
