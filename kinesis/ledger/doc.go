// Package ledger remembers what a stream has of the chunks that Fluent Bit will
// offer again, so that a chunk that comes back sends only its rest.
//
// Fluent Bit gives chunks no name. It offers the same bytes under the same tag
// again, so an [ID] is a hash of these. Each offer of a chunk has an [Entry] of
// its own, so that the count comes out right even where two chunks are the same
// to the byte: [Ledger.Begin] makes one, [Ledger.Return] keeps it for the next
// offer of the chunk, [Ledger.Take] spends it then, and [Ledger.End] is for the
// chunk that is done with. What is kept is bounded in number, bytes and age, and
// where the bounds ask for it the oldest entries leave: their chunks are sent
// whole, which means duplicates and no lost record.
//
// # The journal
//
// [New] makes a ledger in memory. [Open] makes one that outlives the process: it
// keeps a journal in a file. Before a flush learns what the stream has accepted,
// [Ledger.Note] writes it there, and it is there before Fluent Bit has its answer.
// Nothing is synced to the disk: what has been written outlives kill -9, which is
// what the journal is for, and may not outlive the machine.
//
// The next process reads the journal and keeps the entries that were not ended.
// It spends those of one chunk in the order in which they began, whether they
// had been returned or were under way.
//
// # The file
//
// The file begins with a line of text, "kinesis ledger 1". Records follow, each
//
//	length   4 bytes, little-endian: of what comes after the checksum, at least 1
//	checksum 4 bytes, little-endian: CRC-32C of the same
//	kind     1 byte
//	number   of the entry, a varint
//
// and then, by its kind,
//
//	1 begun  the chunk's ID, 16 bytes; the time; events
//	2 landed the time; events, or none where the chunk has gone back
//	3 ended  nothing
//
// The time is in seconds since 1970, a varint. Events are ordinals in the chunk,
// rising, as runs to the end of the record: two varints for each, how many events
// lie between the run and the one before it, and how many there are in it less
// one. Varints are unsigned, as in encoding/binary.
//
// A record that is cut off or fails its checksum ends the journal: it and what
// follows are cut off. A file that does not begin as above is someone else's and
// left alone.
//
// A journal grows until the larger part of it is of entries that were ended. Then
// the open ones are written to a file beside it, which takes its place. A second
// file beside it holds a lock, which the system lets go of with the process.
package ledger
