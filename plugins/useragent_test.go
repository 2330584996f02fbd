package plugins

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUserAgentNamesThePluginAndTheSystem(t *testing.T) {
	require.Equal(t, "aws-fluent-bit-plugin (linux)", userAgent("linux"))
	require.Equal(t, "aws-fluent-bit-plugin (darwin)", userAgent("darwin"))
	require.Equal(t, "aws-fluent-bit-plugin-windows (windows)", userAgent("windows"))
	require.Equal(t, userAgent(runtime.GOOS), UserAgent())
}
