package kinesistest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"slices"
	"time"
)

// newAuthority makes a CA of its own for a server, puts its certificate into a
// new folder, and has it certify the server.
func newAuthority(o Options) (dir string, config *tls.Config, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", nil, fmt.Errorf("kinesistest: making a CA: %w", err)
	}
	// Real time, whatever Options.Now says: clients check against theirs.
	ca := template("kinesistest CA", time.Now())
	ca.IsCA, ca.BasicConstraintsValid = true, true
	ca.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &key.PublicKey, key)
	if err != nil {
		return "", nil, fmt.Errorf("kinesistest: making a CA: %w", err)
	}
	leaf, err := certify(ca, key, hostsOf(o))
	if err != nil {
		return "", nil, fmt.Errorf("kinesistest: making a certificate: %w", err)
	}
	if dir, err = os.MkdirTemp("", "kinesistest-"); err != nil {
		return "", nil, fmt.Errorf("kinesistest: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER})
	if err := os.WriteFile(caPath(dir), text, 0o644); err != nil {
		return "", nil, errors.Join(fmt.Errorf("kinesistest: %w", err), os.RemoveAll(dir))
	}
	leaf.Certificate = append(leaf.Certificate, caDER)
	return dir, &tls.Config{Certificates: []tls.Certificate{leaf}, MinVersion: tls.VersionTLS12}, nil
}

// certify signs a server's certificate for these names and addresses.
func certify(ca *x509.Certificate, caKey *ecdsa.PrivateKey, hosts []string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf := template("kinesistest", ca.NotBefore)
	leaf.SerialNumber = big.NewInt(2)
	leaf.KeyUsage = x509.KeyUsageDigitalSignature
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
			continue
		}
		leaf.DNSNames = append(leaf.DNSNames, host)
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// template is what both certificates have in common. They live for a day before
// and after now, so that clocks may differ.
func template(name string, now time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-24 * time.Hour),
		NotAfter:     now.Add(30 * 24 * time.Hour),
	}
}

// hostsOf are the names and addresses that the certificate is to have.
func hostsOf(o Options) []string {
	if len(o.Hosts) > 0 {
		return o.Hosts
	}
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	if host, _, err := net.SplitHostPort(o.Address); err == nil && host != "" && !slices.Contains(hosts, host) {
		hosts = append(hosts, host)
	}
	return hosts
}
