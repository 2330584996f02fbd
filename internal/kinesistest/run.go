package kinesistest

// TB is the part of [testing.TB] that [Run] needs, so that programs can use
// this package without linking package testing and its flags.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Run starts a server for the length of a test.
func Run(t TB, options Options) *Server {
	t.Helper()
	s, err := New(options)
	if err != nil {
		t.Fatalf("%v", err)
		return nil
	}
	t.Cleanup(func() {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Fatalf("kinesistest: closing: %v", err)
		}
	})
	return s
}
