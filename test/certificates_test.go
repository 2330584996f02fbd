package test

import (
	"crypto/tls"
	"sync/atomic"
	"testing"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// A secureFront is a front with a certificate that can be replaced.
type secureFront struct {
	*front
	certificate atomic.Pointer[tls.Certificate]
}

func runSecureFront(t *testing.T, address string) *secureFront {
	t.Helper()
	f := &secureFront{front: newFront(t, address)}
	f.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return &tls.Config{Certificates: []tls.Certificate{*f.certificate.Load()}}, nil
	}}
	f.StartTLS()
	return f
}

func TestACertificateThatDoesNotFitIsSaidUntilItDoes(t *testing.T) {
	const host = "127.0.0.1"
	trusted, unknown := newAuthority(t), newAuthority(t)
	yesterday := time.Now().Add(-12 * time.Hour)
	for _, x := range []struct {
		name        string
		certificate *tls.Certificate
		said        string
	}{
		{"one for another host", trusted.certify("kinesis.example", yesterday), "x509: cannot validate certificate for 127.0.0.1"},
		{"one of an authority that nobody knows", unknown.certify(host, yesterday), "x509: certificate signed by unknown authority"},
		{"one that has expired", trusted.certify(host, time.Now().Add(-25*time.Hour)), "x509: certificate has expired or is not yet valid: current time"},
		{"one that is not valid yet", trusted.certify(host, time.Now().Add(time.Hour)), "x509: certificate has expired or is not yet valid: current time"},
	} {
		for _, of := range []string{"the stream", "the token service"} {
			t.Run(x.name+", of "+of, func(t *testing.T) {
				t.Parallel()
				s := runStream(t, kinesistest.Options{PlainHTTP: true})
				address, code := s.URL(), "BadCertificate"
				if of == "the token service" {
					address, code = s.STSURL(), "NoCredentials"
				}
				f := runSecureFront(t, address)
				f.certificate.Store(x.certificate)
				section := options{"endpoint": f.URL}
				if of == "the token service" {
					section = options{"role_arn": role, "sts_endpoint": f.URL}
				}
				config := retried
				config.Env = []string{"AWS_CA_BUNDLE=" + trusted.file}
				h := runHost(t, s, config, section)
				requireMends(t, s, h, func() { f.certificate.Store(trusted.certify(host, yesterday)) },
					"failed (denied): "+code+": ", x.said, f.URL)
			})
		}
	}
}

func TestABundleThatCannotBeReadIsRefusedAtStart(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{})
	empty := t.TempDir() + "/empty.pem"
	write(t, empty, nil)
	for _, x := range []struct{ file, said string }{
		{empty, "failed to load custom CA bundle PEM file"},
		{empty + ".gone", "no such file"},
	} {
		log := refusedStart(t, s, flbhost.Config{Env: []string{"AWS_CA_BUNDLE=" + x.file}})
		requireLine(t, log, "error", x.said)
	}
}
