package kinesis

import (
	"errors"
	"fmt"
	"strings"

	"fluent-bit-kinesis/kinesis/wire"
	"fluent-bit-kinesis/plugins"
)

// streamARN is how the ARN of a stream looks, in every partition of AWS. Its groups
// are the region and the account.
var streamARN = pattern(`^arn:aws[a-z0-9-]*:kinesis:([a-z0-9-]+):([0-9]{12}):stream/[a-zA-Z0-9_.-]{1,128}$`)

// anyARN is the ARN of whatever there is; its group is the service.
var anyARN = pattern(`^arn:[^:]*:([^:]*):[^:]*:[^:]*:`)

const streamARNRule = "must be the ARN of a Kinesis data stream, such as arn:aws:kinesis:us-west-2:123456789012:stream/app-logs, or the stream's name"

// checkStreamARN is the error of a text that begins as an ARN does, and is not that of
// a stream.
func checkStreamARN(text string) error {
	if streamARN().MatchString(text) {
		return nil
	}
	what := anyARN().FindStringSubmatch(text)
	switch {
	case what == nil:
		return errors.New(streamARNRule)
	case what[1] != "kinesis":
		return fmt.Errorf("%s, and this is of another service, %q", streamARNRule, what[1])
	case strings.Contains(text, "/consumer/"):
		return fmt.Errorf("%s, and this is a consumer's: leave out what begins with /consumer/", streamARNRule)
	}
	return errors.New(streamARNRule)
}

// regionOfARN is the region in the ARN of a stream; empty where there is none.
func regionOfARN(stream string) string {
	if !wire.IsARN(stream) {
		return ""
	}
	if found := streamARN().FindStringSubmatch(stream); found != nil {
		return found[1]
	}
	return ""
}

// withRegionOfARN has the region taken from the stream's ARN where it is not set: no
// other would do.
func withRegionOfARN(source plugins.Source) plugins.Source {
	return plugins.SourceFunc(func(key string) string {
		text := source.Get(key)
		if key == "region" && strings.TrimSpace(text) == "" {
			return regionOfARN(strings.TrimSpace(source.Get("stream")))
		}
		return text
	})
}

// checkRegion sees to it that a stream's ARN is of the region that is asked: any
// other does not know it. An endpoint of one's own may have regions that mean
// nothing.
func (c *Config) checkRegion(o *plugins.Options) {
	region := regionOfARN(c.Stream)
	if region == "" || region == c.Region || c.Region == "" {
		return
	}
	why := fmt.Sprintf("must be %s, the region in the ARN of stream, or not set", region)
	if o.IsSet("endpoint") {
		o.Warn("region = %q: %s; it is used as it is", c.Region, why)
		return
	}
	o.Refuse("region", c.Region, why)
}

// accountOf is the account of the stream, as far as options tell: that in its ARN, or
// that of the role that writes to it.
func (c *Config) accountOf() string {
	arn := c.Stream
	if !wire.IsARN(arn) {
		arn = c.RoleARN
		if arn == "" {
			arn = c.PodRoleARN
		}
	}
	if parts := strings.Split(arn, ":"); len(parts) > 4 {
		return parts[4]
	}
	return ""
}
