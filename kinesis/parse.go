package kinesis

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/plugins"
)

var regionName = pattern(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

func parseRegion(text string) (string, error) {
	if regionName().MatchString(text) {
		return text, nil
	}
	return asItIs(text, "must be the name of an AWS region, such as us-west-2: lower-case letters, digits and single hyphens")
}

// asItIs is for a name that AWS would not take, but that another service may. One
// that no request can carry is none to anybody.
func asItIs(text, rule string) (string, error) {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return "", errors.New(rule)
	}
	return text, &plugins.Bent{Rule: rule}
}

// parseTimeFormat reads a pattern. One that strftime does not know leaves the
// default, in the case that no time is written.
func parseTimeFormat(pattern string) (*plugins.TimeFormat, error) {
	format, err := plugins.NewTimeFormat(pattern)
	if err == nil {
		return format, nil
	}
	format, _ = plugins.NewTimeFormat("")
	return format, &plugins.Bent{Rule: err.Error(), Used: "no time is written"}
}

// parsePartitionKey reads a key or a path. The key "log" is refused, as ever:
// it holds the text of the line, by which records cannot be grouped.
func parsePartitionKey(text string) (record.KeyPath, error) {
	if strings.TrimSpace(text) == "log" {
		return nil, errors.New("must not be log, the line itself: use a key whose value many records share, such as container_id")
	}
	return parseKeyPath(text, "records without such a key go under random keys")
}

// parseHashKey reads a key or a path.
func parseHashKey(text string) (record.KeyPath, error) { return parseKeyPath(text, "") }

// parseKeyPath reads a key or a path. An empty key in it is a key like another;
// hardly any record has it.
func parseKeyPath(text, otherwise string) (record.KeyPath, error) {
	path := strings.Split(text, record.Arrow)
	empty := 0
	for i, key := range path {
		path[i] = strings.TrimSpace(key)
		if path[i] == "" && empty == 0 {
			empty = i + 1
		}
	}
	if empty > 0 {
		return path, &plugins.Bent{
			Rule: fmt.Sprintf("must be a key or a path of keys such as kubernetes->pod_name, but key %d of %d is empty", empty, len(path)),
			Used: otherwise,
		}
	}
	return path, nil
}

// parseAddress reads a URL. Without a scheme it is https, as with the SDK. What
// a request has no place for is left out.
func parseAddress(text string) (string, error) {
	address := text
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || !plausibleHost(u) {
		return "", errors.New(addressRule)
	}
	bare := url.URL{Scheme: u.Scheme, Host: strings.TrimSuffix(u.Host, ":"), Path: u.Path, RawPath: u.RawPath}
	address = strings.TrimRight(bare.String(), "/")
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return address, &plugins.Bent{Rule: addressRule}
	}
	return address, nil
}

const addressRule = "must be an address such as https://kinesis.us-west-2.amazonaws.com or http://localhost:4567, without a user, a query or a fragment, and with a port up to 65535 if with one"

// plausibleHost reports whether the URL has a host, and nothing that makes it
// two: a colon belongs to a port or into the brackets of an IPv6 address.
func plausibleHost(u *url.URL) bool {
	host := u.Hostname()
	bracketed := strings.HasPrefix(u.Host, "[")
	return host != "" && (bracketed || !strings.Contains(host, ":")) && isPort(u.Port())
}

func isPort(text string) bool {
	if text == "" {
		return true // the scheme's own
	}
	port, err := strconv.ParseUint(text, 10, 16)
	return err == nil && port > 0
}

// roleARN is how the ARN of a role looks, in every partition of AWS.
var roleARN = pattern(`^arn:aws[a-z0-9-]*:iam::[0-9]{12}:role/[!-~]+$`)

func parseRoleARN(text string) (string, error) {
	if roleARN().MatchString(text) {
		return text, nil
	}
	return asItIs(text, "must be the ARN of a role, such as arn:aws:iam::123456789012:role/name")
}

var (
	// The rules of RoleSessionName and ExternalId in
	// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html.
	sessionName = pattern(`^[\w+=,.@-]{2,64}$`)
	externalID  = pattern(`^[\w+=,.@:/-]{2,}$`)
)

const mostExternalID = 1224 // characters

func parseSessionName(text string) (string, error) {
	if !sessionName().MatchString(text) {
		return "", errors.New("must be 2 to 64 of the characters a-z, A-Z, 0-9, _ + = , . @ -")
	}
	return text, nil
}

func parseExternalID(text string) (string, error) {
	if !externalID().MatchString(text) || len(text) > mostExternalID {
		return "", errors.New("must be 2 to 1224 of the characters a-z, A-Z, 0-9, _ + = , . @ : / -")
	}
	return text, nil
}

func parseProfile(text string) (string, error) {
	if strings.ContainsFunc(text, unicode.IsControl) || strings.ContainsAny(text, "[]") {
		return "", errors.New("must be the name of a profile, such as logs")
	}
	return text, nil
}

const mostDeliveryTimeout = 24 * time.Hour

func parseTimeout(text string) (time.Duration, error) {
	d, ok := parseSeconds(text)
	if !ok || d < 0 || d > mostDeliveryTimeout {
		return 0, errors.New(`must be a number of seconds, or a duration such as "30s" or "5m", up to 24h`)
	}
	return d, nil
}

func parseRoleDuration(text string) (time.Duration, error) {
	d, ok := parseSeconds(text)
	if !ok || d < service.LeastRoleDuration || d > service.MostRoleDuration || d%time.Second != 0 {
		return 0, errors.New(`must be a number of seconds, or a duration such as "30m" or "1h", from 15m to 12h`)
	}
	return d, nil
}

// parseSeconds reads a number of seconds, or a duration. A number that no option
// takes becomes one just as far out of range, for it may be more than a duration
// holds.
func parseSeconds(text string) (d time.Duration, ok bool) {
	if n, err := strconv.Atoi(text); err == nil {
		const beyond = 48 * 60 * 60
		return time.Duration(min(max(-1, n), beyond)) * time.Second, true
	}
	d, err := time.ParseDuration(text)
	return d, err == nil
}
