package kinesis

import (
	"os"

	"fluent-bit-kinesis/plugins"
)

// Start makes an instance of its options and of the environment, and logs
// what they amount to. The error joins all mistakes in them.
func Start(source plugins.Source, version string, log *plugins.Logger) (*Output, error) {
	config, settings, err := ReadConfig(source, os.Getenv)
	if err != nil {
		return nil, err
	}
	log.Infof("version %s", version)
	for _, s := range settings {
		log.Infof("%v", s)
	}
	for _, warning := range config.Warnings {
		log.Warnf("%s", warning)
	}
	return New(&config, log, func(reason string) {
		log.Errorf("SEND_FAILURE_TIMEOUT: %s; the process exits", reason)
		os.Exit(1)
	})
}
