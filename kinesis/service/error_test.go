package service

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhetherARequestWentOut(t *testing.T) {
	for _, x := range []struct {
		err  error
		sent bool
	}{
		{nil, true},
		{errors.New("nobody knows"), true},
		{&Error{Fault: Throttled, Status: 400}, true},
		{&Error{Fault: Unanswered}, true},
		{&Error{Fault: Unsent}, false},
		{&Error{Fault: Denied, Code: "NoCredentials"}, false},
	} {
		require.Equal(t, x.sent, WasSent(x.err), "%v", x.err)
	}
}
