package test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// sessionDueSoon is a lifetime that has the session of a role renewed after a
// second, a minute before its end.
const sessionDueSoon = 61 * time.Second

// remove removes a file.
func remove(t *testing.T, name string) {
	t.Helper()
	require.NoError(t, os.Remove(name))
}

// webIdentity is the environment of a pod whose service account has a role, and
// the file with its token.
func webIdentity(t *testing.T) (env []string, file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "token")
	return append([]string{"AWS_ROLE_ARN=" + podRole, "AWS_WEB_IDENTITY_TOKEN_FILE=" + file}, withoutCredentials...), file
}

func TestAWebIdentityIsRenewedWithTheTokenOfTheDayWhileRecordsFlow(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{SessionLifetime: sessionDueSoon})
	env, file := webIdentity(t)
	config := flowHost
	config.Env = env
	write(t, file, []byte("token-of-monday"))
	h := runHost(t, s, config, options{"sts_endpoint": s.STSURL()})
	f := newFlow(t, s, h)
	for i, token := range []string{"token-of-monday", "token-of-tuesday", "token-of-wednesday"} {
		fresh := file + ".new" // replaced at once, as the kubelet does
		write(t, fresh, []byte(token))
		require.NoError(t, os.Rename(fresh, file))
		f.until("the token was shown: "+decimal(i), func() bool {
			calls := s.AssumeRoleCalls()
			return calls[len(calls)-1].WebIdentityToken == token
		})
	}
	calls := s.AssumeRoleCalls()
	s.SetCredentials(calls[len(calls)-1].Issued)
	f.round()
	for _, call := range calls {
		require.Equal(t, "AssumeRoleWithWebIdentity", call.Action)
		require.Equal(t, podRole, call.RoleARN)
	}
	f.requireQuiet()
	requireSecret(t, h, "token-of-")
}

func TestAWebIdentityThatCannotBeProvenIsSaidUntilItCan(t *testing.T) {
	for _, x := range []struct {
		name    string
		token   string
		refusal *kinesistest.Error
		said    []string
	}{
		{"the token's file is not there yet", "", nil, []string{"unable to read file at", "no such file"}},
		{"the token is refused", "proof", &kinesistest.Error{Status: 400, Code: "InvalidIdentityToken", Message: "No OpenIDConnect provider found in your account"},
			[]string{"InvalidIdentityToken", "No OpenIDConnect provider found"}},
		{"the token has expired", "proof", &kinesistest.Error{Status: 400, Code: "ExpiredTokenException", Message: "Token expired: current date/time must be before the expiration date/time"},
			[]string{"ExpiredTokenException", "Token expired"}},
		{"the role does not trust the service account", "proof", &kinesistest.Error{Status: 403, Code: "AccessDenied", Message: "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
			[]string{"AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := runStream(t, kinesistest.Options{})
			s.RefuseRoles(x.refusal)
			env, file := webIdentity(t)
			if x.token != "" {
				write(t, file, []byte(x.token))
			}
			config := retried
			config.Env = env
			h := runHost(t, s, config, options{"sts_endpoint": s.STSURL()})
			requireMends(t, s, h, func() {
				s.RefuseRoles(nil)
				write(t, file, []byte("proof of the pod"))
			}, append(x.said, "failed (denied): NoCredentials: WebIdentityErr")...)
			requireSecret(t, h, "proof")
		})
	}
}

func TestAWebIdentityWithoutARoleIsRefusedAtStart(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{})
	env, _ := webIdentity(t)
	log := refusedStart(t, s, flbhost.Config{Env: append(env, "AWS_ROLE_ARN")})
	requireLine(t, log, "error", "role ARN is not set")
}
