package kinesis

import (
	"os"

	"fluent-bit-kinesis/kinesis/wire"
	"fluent-bit-kinesis/plugins"
)

// Start makes an instance of its options and of the environment, and logs
// what they amount to. The error joins all mistakes in them.
func Start(source plugins.Source, host Host, version string, log *plugins.Logger) (*Output, error) {
	config, settings, err := ReadConfig(source, os.Getenv)
	if err != nil {
		return nil, err
	}
	log.Infof("version %s", version)
	for _, s := range settings {
		log.Infof("%v", s)
	}
	if config.WireFormat == wire.Auto {
		log.Infof("wire_format auto is %s here", config.wireFormat(config.service().Endpoint))
	}
	for _, warning := range config.Warnings {
		log.Warnf("%s", warning)
	}
	o, err := New(&config, log, func(reason string) {
		log.Errorf("SEND_FAILURE_TIMEOUT: %s; the process exits", reason)
		os.Exit(1)
	})
	if err != nil {
		return nil, err
	}
	if err := o.startMetrics(host, version); err != nil {
		o.release()
		return nil, err
	}
	o.startedOn = plugins.ThreadID()
	return o, nil
}

// CalledOn says on which thread Fluent Bit hands over chunks. Where it is the one
// that started the instance it is Fluent Bit's only one, which a person should
// know: while it waits for the stream, it does not read the inputs.
func (o *Output) CalledOn(thread int) {
	if thread == 0 || thread != o.startedOn || o.patience.onlyThread.Swap(true) {
		return
	}
	o.log.Warnf("without workers, Fluent Bit has this output flush on its only thread, so that all inputs wait while records are sent: set workers in the section of this output, to 4, or to 32 for many small files such as those of containers")
}
