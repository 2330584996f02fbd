package service

// pluginAgent is how the plugin names itself to the service, before the SDK's
// own user agent. The names are the ones under which the service knows Fluent
// Bit's outputs.
func pluginAgent(os string) string {
	if os == "windows" {
		return "aws-fluent-bit-plugin-windows (" + os + ")"
	}
	return "aws-fluent-bit-plugin (" + os + ")"
}
