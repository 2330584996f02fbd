package ledger

import "github.com/zeebo/xxh3"

// An ID tells chunks apart by their bytes and by what they stand under.
type ID = xxh3.Uint128

// IDOf is the ID of a chunk under a tag, in the scope of a stream.
func IDOf(scope, tag string, chunk []byte) ID {
	return xxh3.Hash128Seed(chunk, xxh3.HashStringSeed(tag, xxh3.HashString(scope)))
}
