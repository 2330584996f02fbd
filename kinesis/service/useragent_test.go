package service

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUserAgentNamesThePluginAndTheSystem(t *testing.T) {
	require.Equal(t, "aws-fluent-bit-plugin (linux)", pluginAgent("linux"))
	require.Equal(t, "aws-fluent-bit-plugin (darwin)", pluginAgent("darwin"))
	require.Equal(t, "aws-fluent-bit-plugin-windows (windows)", pluginAgent("windows"))
}
