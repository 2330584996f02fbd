package kinesistest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// AssumeRoleCall is one call of the token service.
type AssumeRoleCall struct {
	// Action is AssumeRole or AssumeRoleWithWebIdentity.
	Action      string
	RoleARN     string
	SessionName string
	ExternalID  string
	// WebIdentityToken is the proof of AssumeRoleWithWebIdentity, which nobody
	// signs.
	WebIdentityToken string
	// Duration is how long the credentials were asked to be valid.
	Duration time.Duration
	// Caller is the access key ID that signed the call; empty without one.
	Caller string
	// Issued are the credentials that were handed out; zero where the call was
	// refused.
	Issued Credentials
	// Refused is the code of the error that was answered; empty if none.
	Refused string
}

// roles is the state of the token service.
type roles struct {
	mu          sync.Mutex
	calls       []AssumeRoleCall  // guarded by mu
	refusal     *Error            // guarded by mu
	issued      int               // guarded by mu
	externalIDs map[string]string // that roles ask for; guarded by mu
}

// AssumeRoleCalls lists the calls of the token service in order of arrival.
func (s *Server) AssumeRoleCalls() []AssumeRoleCall {
	s.roles.mu.Lock()
	defer s.roles.mu.Unlock()
	return slices.Clone(s.roles.calls)
}

// RefuseRoles has the token service answer every call with an error from now
// on, or accept them again if it is nil. AWS refuses a role with status 403 and
// code AccessDenied.
func (s *Server) RefuseRoles(e *Error) {
	s.roles.mu.Lock()
	defer s.roles.mu.Unlock()
	s.roles.refusal = e
}

// RequireExternalID has the trust policy of a role ask for an external ID from now
// on. Who comes without it is refused as AWS does, which does not say why.
func (s *Server) RequireExternalID(roleARN, id string) {
	s.roles.mu.Lock()
	defer s.roles.mu.Unlock()
	if s.roles.externalIDs == nil {
		s.roles.externalIDs = map[string]string{}
	}
	s.roles.externalIDs[roleARN] = id
}

// defaultSession is how long a role's credentials are valid by default.
const defaultSession = time.Hour

// maxChained is how long the session of a role may be that is assumed with the
// credentials of another.
const maxChained = time.Hour

// maxForm is the largest call that the token service reads.
const maxForm = 1 << 20

// serveSTS handles one call of the token service: the AWS query protocol, a form
// in and XML out.
func (s *Server) serveSTS(w http.ResponseWriter, r *http.Request) {
	if !s.handlers.enter() {
		cutConnection(r, false)
	}
	defer s.handlers.done()
	body, err := readBody(w, r, nil)
	if err == nil && len(body) > maxForm {
		err = &http.MaxBytesError{Limit: maxForm}
	}
	if err != nil {
		refuseBody(w, err)
		return
	}
	call, err := s.assumeRole(r, body)
	id := s.requestID()
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("X-Amzn-RequestId", id)
	if err != nil {
		var e Error
		if !errors.As(err, &e) {
			e = refuse("InternalFailure", "%v", err)
		}
		writeXML(w, e.Status, stsError{Error: stsErrorDetail{Type: faultOf(e.Status), Code: e.Code, Message: e.Message}, RequestID: id})
		return
	}
	writeXML(w, http.StatusOK, assumeRoleAnswer(call, id))
}

// assumeRole makes a call, and remembers it.
func (s *Server) assumeRole(r *http.Request, body []byte) (call AssumeRoleCall, err error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return call, Error{http.StatusBadRequest, "MalformedQueryString", err.Error()}
	}
	call = AssumeRoleCall{
		Action:           form.Get("Action"),
		RoleARN:          form.Get("RoleArn"),
		SessionName:      form.Get("RoleSessionName"),
		ExternalID:       form.Get("ExternalId"),
		WebIdentityToken: form.Get("WebIdentityToken"),
	}
	if call.Action != "AssumeRole" && call.Action != "AssumeRoleWithWebIdentity" {
		return call, Error{http.StatusBadRequest, "InvalidAction", "Could not find operation " + call.Action + " for version " + form.Get("Version")}
	}
	err = s.authoriseRole(r, body, form, &call)
	s.roles.mu.Lock()
	defer s.roles.mu.Unlock()
	if err == nil && s.roles.refusal != nil {
		err = *s.roles.refusal
	}
	if err == nil {
		err = s.roles.allow(call)
	}
	if err == nil {
		s.roles.issued++
		call.Issued = s.issue(s.roles.issued, call.Duration)
		s.AddCredentials(call.Issued)
	}
	var e Error
	if errors.As(err, &e) {
		call.Refused = e.Code
	}
	s.roles.calls = append(s.roles.calls, call)
	return call, err
}

// allow holds a call against the trust policy of its role and against the bounds of
// a chain. The lock is held.
func (r *roles) allow(call AssumeRoleCall) error {
	if id, asked := r.externalIDs[call.RoleARN]; asked && call.ExternalID != id {
		return Error{http.StatusForbidden, "AccessDenied", "User: arn:aws:iam::123456789012:user/" + call.Caller +
			" is not authorized to perform: sts:AssumeRole on resource: " + call.RoleARN}
	}
	chained := slices.ContainsFunc(r.calls, func(before AssumeRoleCall) bool {
		return call.Caller != "" && before.Issued.AccessKeyID == call.Caller
	})
	if chained && call.Duration > maxChained {
		return Error{http.StatusBadRequest, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"}
	}
	return nil
}

// authoriseRole checks who calls, and what for.
func (s *Server) authoriseRole(r *http.Request, body []byte, form url.Values, call *AssumeRoleCall) error {
	if call.Action == "AssumeRole" {
		c, err := s.verify(r, body, "sts")
		if err != nil {
			return queryError(err)
		}
		call.Caller = c.AccessKeyID
	} else if call.WebIdentityToken == "" {
		return Error{http.StatusBadRequest, "ValidationError", "1 validation error detected: Value null at 'webIdentityToken' failed to satisfy constraint: Member must not be null"}
	}
	call.Duration = defaultSession
	if text := form.Get("DurationSeconds"); text != "" {
		seconds, err := strconv.Atoi(text)
		if err != nil || seconds < 900 || seconds > 43200 {
			return Error{http.StatusBadRequest, "ValidationError", "1 validation error detected: Value '" + text + "' at 'durationSeconds' failed to satisfy constraint: Member must have value between 900 and 43200"}
		}
		call.Duration = time.Duration(seconds) * time.Second
	}
	if !strings.HasPrefix(call.RoleARN, "arn:") || !strings.Contains(call.RoleARN, ":role/") {
		return Error{http.StatusBadRequest, "ValidationError", call.RoleARN + " is invalid"}
	}
	if call.SessionName == "" {
		return Error{http.StatusBadRequest, "ValidationError", "1 validation error detected: Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null"}
	}
	return nil
}

// issue makes the n-th temporary credentials. They depend on the seed and n.
func (s *Server) issue(n int, duration time.Duration) Credentials {
	if s.options.SessionLifetime > 0 {
		duration = s.options.SessionLifetime
	}
	secret := sha256.Sum256(fmt.Appendf(nil, "secret %d %d", s.options.Seed, n))
	token := sha256.Sum256(fmt.Appendf(nil, "token %d %d", s.options.Seed, n))
	return Credentials{
		AccessKeyID:     fmt.Sprintf("ASIAKINESISTEST%05d", n),
		SecretAccessKey: base64.StdEncoding.EncodeToString(secret[:30]),
		SessionToken:    base64.StdEncoding.EncodeToString(token[:]),
		Expires:         s.options.Now().Add(duration),
	}
}

// queryError gives an error of the signature the code that the query protocol
// has for it.
func queryError(err error) error {
	var e Error
	if !errors.As(err, &e) {
		return err
	}
	e.Status = http.StatusForbidden
	switch e.Code {
	case "InvalidSignatureException":
		e.Code = "SignatureDoesNotMatch"
	case "UnrecognizedClientException":
		e.Code = "InvalidClientTokenId"
	case "IncompleteSignatureException":
		e.Code, e.Status = "IncompleteSignature", http.StatusBadRequest
	default:
		e.Code = strings.TrimSuffix(e.Code, "Exception")
	}
	return e
}

func faultOf(status int) string {
	if status < 500 {
		return "Sender"
	}
	return "Receiver"
}

func writeXML(w http.ResponseWriter, status int, v any) {
	text, err := xml.Marshal(v)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.WriteHeader(status)
	_, _ = w.Write(text) // a client that went away needs no answer
}
