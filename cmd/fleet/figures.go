package main

import "time"

// figures are what a run comes to.
type figures struct {
	waste   float64       // refused for each accepted
	pace    float64       // of the best possible
	worst   float64       // the largest share that was refused in any second
	jain    float64       // Jain's index of what the agents had accepted: 1 is the same for all
	slower  float64       // the pace of the slowest agent, of the fastest's
	recover time.Duration // until the pace is 0.9 of what it could be; -1 for never
	lost    int           // records that were offered and have not been accepted when all is done
	seconds *seconds
}

// jain is Jain's index of fairness: 1 where all have the same, 1/n where one has
// all.
func jain(shares []float64) float64 {
	var sum, squares float64
	for _, x := range shares {
		sum += x
		squares += x * x
	}
	return sum * sum / squares / float64(len(shares))
}
