package compress

import "testing"

func FuzzRoundTrip(f *testing.F) {
	for _, record := range logRecords(1, 5) {
		f.Add(record, uint8(0))
	}
	f.Add([]byte{}, uint8(3))
	f.Add([]byte("aaaaaaaaaaaaaaaaaaaaaaaa"), uint8(8))
	compressors := map[Format][]Compressor{}
	for _, format := range Formats() {
		lowest, highest, _, ok := format.Levels()
		if !ok {
			compressors[format] = []Compressor{newCompressor(f, format, DefaultLevel)}
		}
		for level := lowest; ok && level <= min(highest, 9); level++ {
			compressors[format] = append(compressors[format], newCompressor(f, format, level))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte, level uint8) {
		for format, levels := range compressors {
			requireRoundTrip(t, format, levels[int(level)%len(levels)], src)
		}
	})
}

func FuzzDecompress(f *testing.F) {
	for _, record := range logRecords(1, 2) {
		for _, format := range Formats() {
			data, err := newCompressor(f, format, DefaultLevel).Append(nil, record)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range Formats() {
			const limit = 4096
			if out, err := Decompress(format, data, limit); err == nil && len(out) > limit {
				t.Fatalf("%v made %d bytes", format, len(out))
			}
		}
	})
}
