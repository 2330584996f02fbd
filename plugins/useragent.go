package plugins

import "runtime"

// UserAgent returns how the plugin names itself to the service, to be put
// before the SDK's own user agent with a space between them. The names are the
// ones under which the service knows Fluent Bit's outputs.
func UserAgent() string { return userAgent(runtime.GOOS) }

func userAgent(os string) string {
	if os == "windows" {
		return "aws-fluent-bit-plugin-windows (" + os + ")"
	}
	return "aws-fluent-bit-plugin (" + os + ")"
}
