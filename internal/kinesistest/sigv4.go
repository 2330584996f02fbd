package kinesistest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sigV4Algorithm names the one way of signing that is verified here: the SHA-256
// of the canonical request under a key derived from the secret, as "Signing AWS
// API requests" in the AWS documentation has it.
const sigV4Algorithm = "AWS4-HMAC-SHA256"

// amzTime is how X-Amz-Date and the string to sign write a time.
const amzTime = "20060102T150405Z"

// maxSkew is how far a signature's time may be from the server's.
const maxSkew = 5 * time.Minute

// signature is what a request says about how it was signed.
type signature struct {
	accessKeyID   string
	date          string // of the scope, such as 20250131
	region        string
	service       string
	signedHeaders []string // lower case, in the order given
	signature     string   // hexadecimal
	time          time.Time
}

// scope is what the signature is valid for.
func (g signature) scope() string {
	return g.date + "/" + g.region + "/" + g.service + "/aws4_request"
}

// verify checks a request's signature for a service of ours, and returns the
// credentials that made it. Its errors are the service's.
func (s *Server) verify(r *http.Request, body []byte, service string) (Credentials, error) {
	if s.options.SkipSignatures {
		return Credentials{}, nil
	}
	g, err := parseSignature(r)
	if err != nil {
		return Credentials{}, err
	}
	c, known := s.keys.find(g.accessKeyID)
	if !known || c.SessionToken != r.Header.Get("X-Amz-Security-Token") {
		return Credentials{}, ErrorNamed("UnrecognizedClientException")
	}
	now := s.options.Now().UTC()
	if err := g.checkTime(now); err != nil {
		return Credentials{}, err
	}
	if err := g.checkScope(service, s.options.Region); err != nil {
		return Credentials{}, err
	}
	canonical := canonicalRequest(r, g.signedHeaders, body)
	if !hmac.Equal([]byte(g.sign(c.SecretAccessKey, canonical)), []byte(g.signature)) {
		return Credentials{}, mismatch(g, canonical)
	}
	if !c.Expires.IsZero() && !now.Before(c.Expires) {
		return Credentials{}, ErrorNamed("ExpiredTokenException")
	}
	return c, nil
}

// mismatch is the service's error, with what it calculated from.
func mismatch(g signature, canonical string) error {
	e := ErrorNamed("InvalidSignatureException")
	return refuse(e.Code, "%s\n\nThe Canonical String for this request should have been\n'%s'\n\nThe String-to-Sign should have been\n'%s'\n",
		e.Message, canonical, g.stringToSign(canonical))
}

// parseSignature reads the Authorization header and the request's time.
func parseSignature(r *http.Request) (signature, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return signature{}, refuse("MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	algorithm, parameters, _ := strings.Cut(header, " ")
	if algorithm != sigV4Algorithm {
		return signature{}, refuse("IncompleteSignatureException", "Unsupported AWS 'algorithm': '%s'.", algorithm)
	}
	values := make(map[string]string)
	for part := range strings.SplitSeq(parameters, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		values[name] = value
	}
	date := r.Header.Get("X-Amz-Date")
	if date == "" {
		date = r.Header.Get("Date")
	}
	if err := checkComplete(values, date, header); err != nil {
		return signature{}, err
	}
	return readSignature(values, date)
}

// checkComplete names all that the header lacks.
func checkComplete(values map[string]string, date, header string) error {
	var missing strings.Builder
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if values[name] == "" {
			missing.WriteString("Authorization header requires '" + name + "' parameter. ")
		}
	}
	if date == "" {
		missing.WriteString("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
	}
	if missing.Len() > 0 {
		return refuse("IncompleteSignatureException", "%sAuthorization=%s", missing.String(), header)
	}
	return nil
}

func readSignature(values map[string]string, date string) (signature, error) {
	at, err := time.Parse(amzTime, date)
	if err != nil {
		if at, err = http.ParseTime(date); err != nil {
			return signature{}, refuse("IncompleteSignatureException",
				"Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601", date)
		}
	}
	credential := strings.Split(values["Credential"], "/")
	if len(credential) != 5 || credential[4] != "aws4_request" {
		return signature{}, refuse("IncompleteSignatureException",
			"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'", values["Credential"])
	}
	g := signature{
		accessKeyID:   credential[0],
		date:          credential[1],
		region:        credential[2],
		service:       credential[3],
		signedHeaders: strings.Split(values["SignedHeaders"], ";"),
		signature:     values["Signature"],
		time:          at.UTC(),
	}
	if !slices.Contains(g.signedHeaders, "host") {
		return signature{}, refuse("InvalidSignatureException", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	return g, nil
}

// checkTime refuses signatures that are too old or too new.
func (g signature) checkTime(now time.Time) error {
	if earliest := now.Add(-maxSkew); g.time.Before(earliest.Truncate(time.Second)) {
		return refuse("InvalidSignatureException", "Signature expired: %s is now earlier than %s (%s - 5 min.)",
			g.time.Format(amzTime), earliest.Format(amzTime), now.Format(amzTime))
	}
	if latest := now.Add(maxSkew); g.time.After(latest) {
		return refuse("InvalidSignatureException", "Signature not yet current: %s is still later than %s (%s + 5 min.)",
			g.time.Format(amzTime), latest.Format(amzTime), now.Format(amzTime))
	}
	return nil
}

// checkScope refuses signatures made for something else. Region may be empty.
func (g signature) checkScope(service, region string) error {
	if g.date != g.time.Format("20060102") {
		return refuse("InvalidSignatureException", "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.",
			g.date, g.time.Format("20060102"), g.time.Format(amzTime))
	}
	if region != "" && g.region != region {
		return refuse("InvalidSignatureException", "Credential should be scoped to a valid region, not '%s'. ", g.region)
	}
	if g.service != service {
		return refuse("InvalidSignatureException", "Credential should be scoped to correct service: '%s'. ", service)
	}
	return nil
}

// sign is the signature that the request should have had.
func (g signature) sign(secret, canonical string) string {
	key := []byte("AWS4" + secret)
	for _, part := range []string{g.date, g.region, g.service, "aws4_request", g.stringToSign(canonical)} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return hex.EncodeToString(key)
}

func (g signature) stringToSign(canonical string) string {
	sum := sha256.Sum256([]byte(canonical))
	return strings.Join([]string{sigV4Algorithm, g.time.Format(amzTime), g.scope(), hex.EncodeToString(sum[:])}, "\n")
}

// canonicalRequest is the text whose hash is signed.
func canonicalRequest(r *http.Request, signed []string, body []byte) string {
	var c strings.Builder
	c.WriteString(r.Method + "\n" + canonicalPath(r.URL) + "\n" + canonicalQuery(r.URL) + "\n")
	for _, name := range signed {
		c.WriteString(name + ":" + canonicalHeader(r, name) + "\n")
	}
	sum := sha256.Sum256(body)
	c.WriteString("\n" + strings.Join(signed, ";") + "\n" + hex.EncodeToString(sum[:]))
	return c.String()
}

// canonicalHeader is a header's values, without blanks around them, with single
// blanks within, joined by commas.
func canonicalHeader(r *http.Request, name string) string {
	values := r.Header.Values(name)
	switch {
	case name == "host":
		values = []string{r.Host}
	case name == "content-length" && len(values) == 0:
		values = []string{strconv.FormatInt(r.ContentLength, 10)}
	}
	trimmed := make([]string, len(values))
	for i, v := range values {
		trimmed[i] = strings.Join(strings.Fields(v), " ")
	}
	return strings.Join(trimmed, ",")
}

// canonicalPath is the path as it was sent, encoded once more, which all
// services but S3 ask for.
func canonicalPath(u *url.URL) string {
	path := u.EscapedPath()
	if path == "" {
		return "/"
	}
	return string(appendEscaped(nil, path, "/"))
}

// canonicalQuery is the query with its parameters encoded and in order.
func canonicalQuery(u *url.URL) string {
	var pairs [][]byte
	for name, values := range u.Query() {
		for _, v := range values {
			pair := appendEscaped(nil, name, "")
			pairs = append(pairs, appendEscaped(append(pair, '='), v, ""))
		}
	}
	slices.SortFunc(pairs, bytes.Compare)
	return string(bytes.Join(pairs, []byte("&")))
}

// appendEscaped percent-encodes all but the unreserved characters of RFC 3986
// and those of also.
func appendEscaped(dst []byte, s, also string) []byte {
	const upper = "0123456789ABCDEF"
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			strings.IndexByte("-_.~", c) >= 0, strings.IndexByte(also, c) >= 0:
			dst = append(dst, c)
		default:
			dst = append(dst, '%', upper[c>>4], upper[c&15])
		}
	}
	return dst
}
