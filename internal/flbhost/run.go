package flbhost

// TB is what Run needs of a *testing.T, *testing.B or *testing.F. Named here so that programs do not import testing.
type TB interface {
	Helper()
	Cleanup(func())
	Failed() bool
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Run starts a host for a test. When the test ends, a host that still runs goes through Exit, and fails the test where
// that fails; a failed test prints the host's log.
func Run(t TB, config Config) *Host {
	t.Helper()
	h, err := Start(config)
	if err != nil {
		t.Fatalf("starting the plugin host: %v", err)
		return nil
	}
	t.Cleanup(func() {
		t.Helper()
		select {
		case <-h.Done(): // the test has ended it, one way or another
		default:
			if err := h.Exit(); err != nil {
				t.Errorf("ending the plugin host: %v", err)
			}
		}
		if t.Failed() {
			t.Logf("the plugin host's log:\n%s\nits standard error:\n%s", h.Log(), h.Stderr())
		}
	})
	return h
}
