package test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// endpointOfAll is an address that all services of AWS have, as a simulator's.
func endpointOfAll(t *testing.T, s *kinesistest.Server) string {
	t.Helper()
	to := func(address string) http.Handler {
		target, err := url.Parse(address)
		require.NoError(t, err)
		return httputil.NewSingleHostReverseProxy(target)
	}
	kinesis, sts := to(s.URL()), to(s.STSURL())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Target") != "" {
			kinesis.ServeHTTP(w, r)
			return
		}
		sts.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestAddressesAreTakenFromTheEnvironment(t *testing.T) {
	const nowhere = "http://127.0.0.1:1"
	s := runStream(t, kinesistest.Options{PlainHTTP: true})
	all := endpointOfAll(t, s)
	for _, x := range []struct {
		name    string
		env     []string
		options options
		want    []string // lines of the start log
	}{
		{"one for all services", []string{"AWS_ENDPOINT_URL=" + all}, nil,
			[]string{"endpoint = " + all + " (from AWS_ENDPOINT_URL)", "sts_endpoint = " + all + " (from AWS_ENDPOINT_URL)"}},
		{"each has its own, which goes before that", []string{"AWS_ENDPOINT_URL=" + nowhere, "AWS_ENDPOINT_URL_KINESIS=" + s.URL(), "AWS_ENDPOINT_URL_STS=" + s.STSURL()}, nil,
			[]string{"endpoint = " + s.URL() + " (from AWS_ENDPOINT_URL_KINESIS)", "sts_endpoint = " + s.STSURL() + " (from AWS_ENDPOINT_URL_STS)"}},
		{"options go before all of them", []string{"AWS_ENDPOINT_URL=" + nowhere, "AWS_ENDPOINT_URL_KINESIS=" + nowhere, "AWS_ENDPOINT_URL_STS=" + nowhere},
			options{"endpoint": s.URL(), "sts_endpoint": s.STSURL()}, []string{"endpoint = " + s.URL(), "sts_endpoint = " + s.STSURL()}},
		{"they are to be ignored", []string{"AWS_ENDPOINT_URL=" + nowhere, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"},
			options{"endpoint": s.URL(), "sts_endpoint": s.STSURL()}, []string{"endpoint = " + s.URL(), "sts_endpoint = " + s.STSURL()}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s.Reset()
			before := len(s.AssumeRoleCalls())
			h := runHost(t, s, flbhost.Config{Env: x.env}, merged(options{"endpoint": "", "role_arn": role}, x.options))
			flushAll(t, h, 0, goodThen().Bytes())
			require.Len(t, s.Records(streamName), len(goodData))
			require.Len(t, s.AssumeRoleCalls(), before+1)
			lines := exitLog(t, h).texts("info")
			for _, want := range x.want {
				require.Contains(t, lines, "[kinesis 0] "+want)
			}
		})
	}
}

func TestBesideAnAddressOfTheEnvironmentNamesMayBeOthers(t *testing.T) {
	s := runStream(t, kinesistest.Options{PlainHTTP: true})
	h := runHost(t, s, flbhost.Config{Env: []string{"AWS_ENDPOINT_URL=" + endpointOfAll(t, s)}}, options{"endpoint": "", "region": "us_local", "role_arn": "arn:local:iam::1:role/logs"})
	flushAll(t, h, 0, goodThen().Bytes())
	require.Len(t, s.Records(streamName), len(goodData))
	log := exitLog(t, h)
	requireLine(t, log, "warning", `region = "us_local": must be the name of an AWS region`)
	requireLine(t, log, "warning", `role_arn = "arn:local:iam::1:role/logs": must be the ARN of a role`)

	log = refusedStart(t, s, flbhost.Config{Env: []string{"AWS_ENDPOINT_URL=ftp://me:secret@host"}}, options{"endpoint": "", "sts_endpoint": "sts.internal"})
	require.Equal(t, []string{`[kinesis 0] cannot start: AWS_ENDPOINT_URL = "ftp://***@host": must be an address such as https://kinesis.us-west-2.amazonaws.com or http://localhost:4567, without a user, a query or a fragment, and with a port up to 65535 if with one`},
		log.texts("error"))
}

func TestAnAddressOfOnesOwnIsUsedWhateverTheEnvironmentAsksFor(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{Env: []string{"AWS_USE_FIPS_ENDPOINT=true", "AWS_USE_DUALSTACK_ENDPOINT=true"}})
	s.flush(flbhost.OK, goodThen())
	log := exitLog(t, s.host)
	requireLine(t, log, "warning", "AWS_USE_FIPS_ENDPOINT", "has no effect with endpoint")
	requireLine(t, log, "warning", "AWS_USE_DUALSTACK_ENDPOINT", "has no effect with endpoint")
}
