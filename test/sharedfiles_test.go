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

// keysNumbered are keys of a series.
func keysNumbered(n int) kinesistest.Credentials {
	return kinesistest.Credentials{
		AccessKeyID:     "ASIASHAREDFILES" + decimal(n),
		SecretAccessKey: "secret/of+the+file/" + decimal(n),
		SessionToken:    "token/of+the+file/" + decimal(n),
	}
}

// replace writes a file and puts it in its place at once, as tools do.
func replace(t *testing.T, file, text string) {
	t.Helper()
	write(t, file+".new", []byte(text))
	require.NoError(t, os.Rename(file+".new", file))
}

// sharedHome are the files of the AWS tools in a folder of its own.
type sharedHome struct{ credentials, config, token, process string }

func newSharedHome(t *testing.T) *sharedHome {
	dir := t.TempDir()
	return &sharedHome{filepath.Join(dir, "credentials"), filepath.Join(dir, "config"), filepath.Join(dir, "token"), filepath.Join(dir, "keys.json")}
}

// env has a host get its credentials here, under the profile logs.
func (h *sharedHome) env(others ...string) []string {
	return append(append([]string{"AWS_SHARED_CREDENTIALS_FILE=" + h.credentials, "AWS_CONFIG_FILE=" + h.config, "AWS_PROFILE=logs"}, withoutCredentials...), others...)
}

// profileOf is a section of the credentials file.
func profileOf(name string, c kinesistest.Credentials) string {
	return "[" + name + "]\naws_access_key_id = " + c.AccessKeyID + "\naws_secret_access_key = " + c.SecretAccessKey + "\naws_session_token = " + c.SessionToken + "\n"
}

// processOf is what a credential_process writes.
func processOf(c kinesistest.Credentials) string {
	return `{"Version":1,"AccessKeyId":"` + c.AccessKeyID + `","SecretAccessKey":"` + c.SecretAccessKey + `","SessionToken":"` + c.SessionToken + `"}`
}

// A keySource is a way to have keys in files.
type keySource struct {
	name  string
	setUp func(t *testing.T, h *sharedHome)
	write func(t *testing.T, h *sharedHome, c kinesistest.Credentials)
}

var keySources = []keySource{
	{"the credentials file", func(*testing.T, *sharedHome) {},
		func(t *testing.T, h *sharedHome, c kinesistest.Credentials) {
			replace(t, h.credentials, profileOf("logs", c))
		}},
	{"the config file", func(*testing.T, *sharedHome) {},
		func(t *testing.T, h *sharedHome, c kinesistest.Credentials) {
			replace(t, h.config, profileOf("profile logs", c))
		}},
	{"a credential_process", func(t *testing.T, h *sharedHome) {
		write(t, h.config, []byte("[profile logs]\ncredential_process = cat \""+h.process+"\"\n"))
	},
		func(t *testing.T, h *sharedHome, c kinesistest.Credentials) { replace(t, h.process, processOf(c)) }},
	{"a credential_process whose program is another", func(*testing.T, *sharedHome) {},
		func(t *testing.T, h *sharedHome, c kinesistest.Credentials) {
			next := h.process + c.AccessKeyID
			write(t, next, []byte(processOf(c)))
			replace(t, h.config, "[profile logs]\ncredential_process = cat "+next+"\n")
		}},
}

// TestKeysInFilesAreReadAgainWhenTheyAreRefused has no chunk offered twice.
func TestKeysInFilesAreReadAgainWhenTheyAreRefused(t *testing.T) {
	refusals := map[string]func(s *kinesistest.Server, old kinesistest.Credentials){
		"ExpiredTokenException": func(s *kinesistest.Server, old kinesistest.Credentials) {
			old.Expires = time.Now().Add(-time.Minute)
			s.AddCredentials(old)
		},
		"UnrecognizedClientException": func(s *kinesistest.Server, old kinesistest.Credentials) {
			s.SetCredentials(keysNumbered(2))
		},
		"InvalidSignatureException": func(s *kinesistest.Server, old kinesistest.Credentials) {
			old.SecretAccessKey += "/changed"
			s.AddCredentials(old)
		},
	}
	for _, source := range keySources {
		for code, refuse := range refusals {
			t.Run(source.name+", "+code, func(t *testing.T) {
				t.Parallel()
				s := runStream(t, kinesistest.Options{Credentials: []kinesistest.Credentials{keysNumbered(1), keysNumbered(2)}})
				home := newSharedHome(t)
				source.setUp(t, home)
				source.write(t, home, keysNumbered(1))
				config := flowHost
				config.Env = home.env()
				h := runHost(t, s, config)
				f := newFlow(t, s, h)
				f.round()
				source.write(t, home, keysNumbered(2))
				refuse(s, keysNumbered(1))
				f.round()
				f.requireOnce()
				log := exitLog(t, h)
				for _, line := range log.with("warning") { // none where the change was seen before
					require.Regexp(t, `failed \(expired\): `+code+"|held back", line.text)
				}
				require.Empty(t, log.texts("error"))
				requireSecret(t, h, keysNumbered(1).SecretAccessKey, keysNumbered(2).SecretAccessKey, keysNumbered(2).SessionToken)
			})
		}
	}
}

func signedBy(s *kinesistest.Server, c kinesistest.Credentials) bool {
	return s.LastSigner() == c.AccessKeyID
}

// TestKeysInFilesAreReadAgainWhenTheyChange has the service still take the old
// ones, and a file that is empty for a while.
func TestKeysInFilesAreReadAgainWhenTheyChange(t *testing.T) {
	for _, source := range keySources {
		t.Run(source.name, func(t *testing.T) {
			t.Parallel()
			s := runStream(t, kinesistest.Options{Credentials: []kinesistest.Credentials{keysNumbered(1), keysNumbered(2), keysNumbered(3)}})
			home := newSharedHome(t)
			source.setUp(t, home)
			source.write(t, home, keysNumbered(1))
			config := flowHost
			config.Env = home.env()
			f := newFlow(t, s, runHost(t, s, config))
			f.round()
			require.True(t, signedBy(s, keysNumbered(1)))
			for n := 2; n <= 3; n++ {
				source.write(t, home, keysNumbered(n))
				f.until("the new keys are in use", func() bool { return signedBy(s, keysNumbered(n)) })
			}
			f.requireQuiet()
		})
	}
}

func TestKeysGoOnWhileTheirFileIsBroken(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "the half of a line": "[logs]\naws_access_", "no file of this kind": "[logs\n\x00 = = [", "another profile": "[default]\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := runStream(t, kinesistest.Options{Credentials: []kinesistest.Credentials{keysNumbered(1), keysNumbered(2)}})
			home := newSharedHome(t)
			replace(t, home.credentials, profileOf("logs", keysNumbered(1)))
			config := flowHost
			config.Env = home.env()
			f := newFlow(t, s, runHost(t, s, config))
			f.round()
			replace(t, home.credentials, text)
			until := time.Now().Add(3 * time.Second) // longer than a change is not seen
			f.until("the change was seen", func() bool { return time.Now().After(until) })
			require.True(t, signedBy(s, keysNumbered(1)))
			replace(t, home.credentials, profileOf("logs", keysNumbered(2)))
			f.until("the new keys are in use", func() bool { return signedBy(s, keysNumbered(2)) })
			f.requireQuiet()
		})
	}
}

// TestARoleIsAssumedWithTheKeysOfTheFileAsItIsNow has the token service know the
// old keys no longer when the session is due.
func TestARoleIsAssumedWithTheKeysOfTheFileAsItIsNow(t *testing.T) {
	for _, x := range []struct {
		name, config string
		section      options
	}{
		{"role_arn", "", options{"role_arn": role}},
		{"a role of the config file", "[profile logs]\nrole_arn = " + role + "\nsource_profile = base\n", options{}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := runStream(t, kinesistest.Options{SessionLifetime: sessionDueSoon, Credentials: []kinesistest.Credentials{keysNumbered(1), keysNumbered(2)}})
			home := newSharedHome(t)
			write(t, home.config, []byte(x.config))
			both := func(c kinesistest.Credentials) string { return profileOf("logs", c) + profileOf("base", c) }
			if x.config != "" {
				both = func(c kinesistest.Credentials) string { return profileOf("base", c) }
			}
			replace(t, home.credentials, both(keysNumbered(1)))
			config := flowHost
			config.Env = home.env()
			f := newFlow(t, s, runHost(t, s, config, with(x.section, "sts_endpoint", s.STSURL())))
			f.round()
			first := s.AssumeRoleCalls()[0]
			require.Equal(t, keysNumbered(1).AccessKeyID, first.Caller)
			s.SetCredentials(keysNumbered(2), first.Issued)
			replace(t, home.credentials, both(keysNumbered(2)))
			f.until("the role was assumed with the new keys", func() bool {
				calls := s.AssumeRoleCalls()
				last := calls[len(calls)-1]
				return last.Caller == keysNumbered(2).AccessKeyID && last.Refused == ""
			})
			f.requireQuiet()
		})
	}
}

func TestATokenFileThatChangesIsShownAnew(t *testing.T) {
	for _, x := range []struct {
		name   string
		env    func(h *sharedHome) []string
		config func(h *sharedHome) string
	}{
		{"that of the environment", func(h *sharedHome) []string {
			return []string{"AWS_ROLE_ARN=" + podRole, "AWS_WEB_IDENTITY_TOKEN_FILE=" + h.token}
		}, func(*sharedHome) string { return "" }},
		{"that of the profile", func(*sharedHome) []string { return nil }, func(h *sharedHome) string {
			return "[profile logs]\nrole_arn = " + podRole + "\nweb_identity_token_file = " + h.token + "\n"
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := runStream(t, kinesistest.Options{})
			home := newSharedHome(t)
			write(t, home.config, []byte(x.config(home)))
			replace(t, home.token, "token-of-monday")
			config := flowHost
			config.Env = home.env(x.env(home)...)
			f := newFlow(t, s, runHost(t, s, config, options{"sts_endpoint": s.STSURL()}))
			f.round()
			replace(t, home.token, "token-of-tuesday")
			f.until("the new token was shown", func() bool {
				calls := s.AssumeRoleCalls()
				return calls[len(calls)-1].WebIdentityToken == "token-of-tuesday"
			})
			f.requireQuiet()
		})
	}
}

// TestAConfigFileThatCannotBeReadIsLeftOut is of instances that have started
// without it ever since.
func TestAConfigFileThatCannotBeReadIsLeftOut(t *testing.T) {
	for name, text := range map[string]string{
		"no file of this kind":              "[logs\n",
		"a role whose source is not there":  "[profile logs]\nrole_arn = " + role + "\nsource_profile = nobody\n",
		"a role that needs a second factor": "[profile logs]\nrole_arn = " + role + "\nsource_profile = logs\nmfa_serial = arn:aws:iam::123456789012:mfa/somebody\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := runStream(t, kinesistest.Options{Credentials: []kinesistest.Credentials{keysNumbered(1), keysNumbered(2)}})
			home := newSharedHome(t)
			write(t, home.config, []byte(text))
			replace(t, home.credentials, profileOf("logs", keysNumbered(1)))
			h := runHost(t, s, flbhost.Config{Env: home.env()})
			flushAll(t, h, 0, goodThen().Bytes())
			replace(t, home.credentials, profileOf("logs", keysNumbered(2)))
			s.SetCredentials(keysNumbered(2))
			flushAll(t, h, 0, goodThen().Bytes())
			require.Len(t, s.Records(streamName), 6)
			requireLine(t, exitLog(t, h), "warning", "the shared AWS config file is left out, for it is of no use as it is: ")
		})
	}
}
