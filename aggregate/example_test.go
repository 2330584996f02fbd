package aggregate_test

import (
	"fmt"

	"fluent-bit-kinesis/aggregate"
)

func Example() {
	const limit = 1 << 20 // of an aggregate with the key it is put under
	put := func(partitionKey, data []byte) {
		fmt.Printf("put %d bytes under %q\n", len(data), partitionKey)
		records, _, err := aggregate.Split(data)
		if err != nil {
			fmt.Println(err)
		}
		for _, r := range records {
			fmt.Printf("  %s: %s\n", r.PartitionKey, r.Data)
		}
	}

	var w aggregate.Writer
	for _, r := range [][2]string{{"web", "GET /"}, {"db", "SELECT 1"}, {"web", "GET /favicon.ico"}} {
		key, data := []byte(r[0]), []byte(r[1])
		if w.Count() > 0 && w.SizeWith(key, len(data))+len(w.PartitionKey()) > limit {
			put(w.PartitionKey(), w.Close())
			w.Reset()
		}
		w.Add(key, data)
	}
	put(w.PartitionKey(), w.Close())
	// Output:
	// put 118 bytes under "web"
	//   web: GET /
	//   db: SELECT 1
	//   web: GET /favicon.ico
}

func ExampleSplit() {
	records, ok, err := aggregate.Split([]byte("a record of its own"))
	fmt.Println(ok, err)
	fmt.Printf("%s\n", records[0].Data)
	// Output:
	// false <nil>
	// a record of its own
}

func ExampleHashOf() {
	hash := aggregate.HashOf([]byte("container-1"))
	fmt.Printf("%016x%016x\n", hash.Hi, hash.Lo)
	fmt.Printf("%s\n", hash.Append(nil))
	// Output:
	// b588c219865f6fe336908e5991216b13
	// 241300356419584048476685842250301795091
}

func ExampleParseHashKey() {
	// The hash range of the first of two shards.
	first, _ := aggregate.ParseHashKey("0")
	last, _ := aggregate.ParseHashKey("170141183460469231731687303715884105727")
	fmt.Printf("%016x%016x to %016x%016x\n", first.Hi, first.Lo, last.Hi, last.Lo)

	_, err := aggregate.ParseHashKey("340282366920938463463374607431768211456")
	fmt.Println(err)
	// Output:
	// 00000000000000000000000000000000 to 7fffffffffffffffffffffffffffffff
	// hash key "340282366920938463463374607431768211456": want a decimal number from 0 to 2^128-1 without leading zeros
}
