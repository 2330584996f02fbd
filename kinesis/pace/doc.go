// Package pace decides what a destination may send now: numbers go in,
// permission comes out. It knows nothing of records or requests, so that it can
// be simulated; cmd/fleet does.
//
// A stream takes so many records and bytes a second on each of its shards, and
// refuses what is above. Nobody says how much that is, how many shards there are,
// or who else sends. A [Pacer] learns it from what is accepted and refused, in
// these steps:
//
//   - Until something is refused there is no rate: an ask is let in at once, as long as
//     there is a place in flight. There are few places at first, and one more for every
//     few requests that are accepted, for all that is in flight when the first
//     refusal comes is refused as well.
//   - The first refusal says what the stream takes: about what it has accepted in the
//     last second. From then on a rate, in parts of what one shard takes, lets in whoever
//     was first. What is refused is taken off it, and a little more; what is accepted
//     while somebody waits raises it, and raises it faster the longer nothing is
//     refused. Answers name shards, and what one takes is known: who has nearly all of
//     the stream need not make room, and who begins on a few shards begins with two
//     thirds of the stream. See rate.
//   - While there is a rate, requests are small: each has some 25 ms of it. So each
//     refusal costs little, many answers a second say where the limit is, and those who
//     have little to send are not shut out by those who send much. This does more than
//     any choice of how a rate rises and falls: with whole requests of 500 records a
//     thousand agents had Jain's index at 0.8, with parts 0.97.
//   - Where nothing of a request is accepted, one small request at a time asks when the
//     stream accepts again, with pauses that grow with the time that has passed. This
//     serves for the rest of a second whose share is used up, and for an outage. See
//     drought. After an outage the rate begins with what was accepted before it, and
//     grows slowly.
//   - Throttling ends when nothing was refused for five seconds, and nobody had to
//     wait for the rate.
//
// One shard that is full by itself is another matter: see [Shards].
//
// What was tried in the simulation before this. A rate that is cut by a third and
// rises in a straight line is fair, and loses a tenth of the pace. The cubic curve
// of the SDK has a refused record cost as much as a refused request: it wastes
// least, but a small agent among a thousand is cut for a record of a hundred. A
// rate a little above the most that was delivered, as BBR has it, keeps whatever
// shares the senders began with, and takes what a bucket had saved up for what it
// takes. So the rate follows what is accepted, as that does, rises in a straight
// line, as the first does, and is lowered by as much as was refused.
//
// A [Pacer] waits and is safe for concurrent use; the [Core] in it has no clock.
package pace
