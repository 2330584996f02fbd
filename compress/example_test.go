package compress_test

import (
	"fmt"

	"fluent-bit-kinesis/compress"
)

func Example() {
	format, err := compress.Parse("GZIP")
	if err != nil {
		fmt.Println(err)
		return
	}
	compressor, err := compress.New(format, compress.DefaultLevel)
	if err != nil {
		fmt.Println(err)
		return
	}
	record := []byte(`{"log":"GET /healthz 200\n","stream":"stdout"}`)
	data, err := compressor.Append(nil, record)
	if err != nil {
		fmt.Println(err)
		return
	}
	back, err := compress.Decompress(format, data, 1<<20)
	fmt.Printf("%s %v\n", back, err)
	// Output: {"log":"GET /healthz 200\n","stream":"stdout"} <nil>
}

func ExampleParse() {
	_, err := compress.Parse("lz4")
	fmt.Println(err)
	// Output: unknown compression "lz4"; valid: none, gzip, zlib, zstd, snappy
}

func ExampleFormat_CheckLevel() {
	fmt.Println(compress.Gzip.CheckLevel(12))
	fmt.Println(compress.Snappy.CheckLevel(1))
	fmt.Println(compress.Zstd.CheckLevel(3))
	// Output:
	// level 12: gzip has levels 1 (fastest) to 9 (smallest), by default 6
	// level 1: snappy has no compression levels
	// <nil>
}

// A pool's compressors are taken for a run of records and given back.
func ExamplePool() {
	pool, err := compress.NewPool(compress.Zlib, 9)
	if err != nil {
		fmt.Println(err)
		return
	}
	compressor, err := pool.Get()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Put(compressor)
	buf := make([]byte, 0, 4096)
	for _, record := range []string{"first", "second"} {
		if buf, err = compressor.Append(buf[:0], []byte(record)); err != nil {
			fmt.Println(err)
			return
		}
		back, err := compress.Decompress(compress.Zlib, buf, 100)
		fmt.Printf("%s %v\n", back, err)
	}
	// Output:
	// first <nil>
	// second <nil>
}

func ExampleFit() {
	record := []byte("a log line that goes on and on and on, and is longer than the service takes")
	cut := func(n int) []byte { return append(record[:n:n], "[Truncated...]"...) }
	compressor, err := compress.New(compress.None, compress.DefaultLevel)
	if err != nil {
		fmt.Println(err)
		return
	}
	data, n, err := compress.Fit(compressor, nil, record, 40, cut)
	fmt.Printf("%s\n%d of %d bytes kept, %v\n", data, n, len(record), err)
	// Output:
	// a log line that goes on an[Truncated...]
	// 26 of 75 bytes kept, <nil>
}
