//lint:file-ignore SA1019 the project stays on version 1 of the SDK

package service

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/wire"
)

// TestProfilesAreThoseThatTheSDKFindsCredentialsOf has the SDK read the same text.
func TestProfilesAreThoseThatTheSDKFindsCredentialsOf(t *testing.T) {
	const keys = "aws_access_key_id=A\naws_secret_access_key=b\n"
	written := filepath.Join(t.TempDir(), "keys.json")
	put(t, written, `{"Version":1,"AccessKeyId":"A","SecretAccessKey":"b"}`)
	for _, test := range []struct {
		name, text string
		found      bool
	}{
		{"keys", "[logs]\n" + keys, true},
		{"keys under the longer name", "[profile logs]\n" + keys, true},
		{"blanks around the name", "  [ logs ] # ours\n" + keys, true},
		{"blanks around settings", "[logs]\n  aws_access_key_id = A\r\n  aws_secret_access_key = b\r\n", true},
		{"colons", "[logs]\naws_access_key_id: A\naws_secret_access_key: b\n", true},
		{"after another", "[default]\n[logs]\n" + keys, true},
		{"two blanks in the name", "[profile  logs]\n" + keys, false},
		{"a tab in the name", "[profile\tlogs]\n" + keys, false},
		{"another case", "[LOGS]\n" + keys, false},
		{"settings in another case", "[logs]\n" + strings.ToUpper(keys), false},
		{"one of two keys", "[logs]\naws_access_key_id=A\n", false},
		{"an empty key", "[logs]\naws_access_key_id=\naws_secret_access_key=b\n", false},
		{"no value", "[logs]\naws_access_key_id A\naws_secret_access_key=b\n", false},
		{"nothing of credentials", "[logs]\nregion=us-west-2\n", false},
		{"a comment", "#[logs]\n" + keys, false},
		{"a process", "[logs]\ncredential_process = cat \"" + written + "\"\n", true},
		{"another profile", "[default]\n" + keys, false},
		{"nothing", "", false},
	} {
		for _, file := range []string{"credentials", "config"} {
			t.Run(test.name+" in "+file, func(t *testing.T) {
				t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
				text := map[string]string{file: test.text}
				home(t, text["credentials"], text["config"])
				sess, err := session.NewSessionWithOptions(session.Options{Profile: "logs", SharedConfigState: session.SharedConfigEnable})
				require.NoError(t, err)
				_, err = sess.Config.Credentials.Get()
				require.Equal(t, test.found, err == nil, "the SDK")
				require.Equal(t, test.found, checkProfile("logs") == nil, "%v", Profiles())
			})
		}
	}
}

func TestProfilesAreSortedAndHaveNoOtherSections(t *testing.T) {
	home(t, "[b]\naws_access_key_id=A\naws_secret_access_key=b\n[half]\naws_access_key_id=A\n",
		"[profile a]\nrole_arn=r\n[half]\naws_secret_access_key=b\n[sso-session x]\nsso_start_url=u\n[profile c]\nsso_session=x\n[services s]\nrole_arn=r\n")
	require.Equal(t, []string{"a", "b", "c"}, Profiles())
	require.NoError(t, checkProfile(""))
	require.ErrorContains(t, checkProfile("half"), `profile = "half": there are no credentials of this profile in `)
}

func FuzzProfiles(f *testing.F) {
	f.Add("[logs]\naws_access_key_id=A\naws_secret_access_key=b\n")
	f.Add("[profile a:b]\nrole_arn:=")
	f.Fuzz(func(t *testing.T, text string) {
		home(t, text, text)
		for _, name := range Profiles() {
			require.NotContains(t, name, "\n")
			require.True(t, profileHas(name, "role_arn") || profileHas(name, "aws_access_key_id") || profileHas(name, "credential_process") ||
				profileHas(name, "sso_session") || profileHas(name, "sso_start_url"))
		}
	})
}

// keyNames has a service tell by which keys requests are signed, and hand out keys of
// its own as an agent of a container does.
func keyNames(t *testing.T) (url string, last func() string) {
	name := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keys" {
			_, _ = w.Write([]byte(`{"AccessKeyId":"MACHINE","SecretAccessKey":"secret","Token":"token","Expiration":"2100-01-01T00:00:00Z"}`))
			return
		}
		_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		name <- strings.SplitN(credential, "/", 2)[0]
		_, _ = w.Write(taken)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() string { return <-name }
}

func keysOf(profile, key string) string {
	return "[" + profile + "]\naws_access_key_id=" + key + "\naws_secret_access_key=secret\n"
}

// clientOfProfile is a client on a machine with keys in its environment and an agent
// that has others.
func clientOfProfile(t *testing.T, url, profile string) (c *Client, warnings []string) {
	t.Helper()
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url+"/keys")
	c, err := New(Options{Region: "us-west-2", Endpoint: url, Profile: profile, Format: wire.FormatOf(wire.JSON), RequestsInFlight: 1,
		Warn: func(text string) { warnings = append(warnings, text) }})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c, warnings
}

func TestAProfileGoesBeforeAllThatTheEnvironmentSays(t *testing.T) {
	url, last := keyNames(t)
	clientOf(t, url) // sets the environment
	home(t, keysOf("default", "DEFAULT")+keysOf("logs", "LOGS")+keysOf("other", "OTHER"), "")
	t.Setenv("AWS_PROFILE", "other")
	for profile, want := range map[string]string{"": "AKIDEXAMPLE", "logs": "LOGS", "default": "DEFAULT"} {
		c, warnings := clientOfProfile(t, url, profile)
		require.NoError(t, c.Post(t.Context(), []byte("{}"), 1, &wire.Answer{}))
		require.Equal(t, want, last())
		require.Empty(t, warnings)
	}
}

func TestAProfileThatIsStillToComeHasNoOtherCredentialsTaken(t *testing.T) {
	url, last := keyNames(t)
	clientOf(t, url)
	dir := home(t, "", "")
	require.NoError(t, os.Remove(filepath.Join(dir, "config")))
	c, warnings := clientOfProfile(t, url, "logs")
	require.Len(t, warnings, 1)
	require.Contains(t, warnings[0], `profile = "logs": there are no credentials of this profile in `+filepath.Join(dir, "credentials"))
	require.Contains(t, warnings[0], "nothing can be sent")
	post := func() error { return c.Post(t.Context(), []byte("{}"), 1, &wire.Answer{}) }
	look := func() { c.keys.files.next = time.Time{} } // at the files, at the next request
	err := post()
	require.Equal(t, Denied.String(), Classify(err).String())
	require.ErrorContains(t, err, `NoCredentials: profile = "logs": there are no credentials of this profile in `)

	put(t, filepath.Join(dir, "credentials"), keysOf("default", "DEFAULT"))
	look()
	require.Error(t, post(), "the profile is not in it")
	put(t, filepath.Join(dir, "credentials"), keysOf("logs", "LOGS"))
	look()
	require.NoError(t, post())
	require.Equal(t, "LOGS", last())
}

func TestAProfileThatIsTakenAwayLeavesItsKeysInUse(t *testing.T) {
	url, last := keyNames(t)
	clientOf(t, url)
	file := filepath.Join(home(t, keysOf("logs", "LOGS"), ""), "credentials")
	c, _ := clientOfProfile(t, url, "logs")
	for _, text := range []string{keysOf("logs", "LOGS"), keysOf("default", "DEFAULT"), "", "[logs]\naws_acc"} {
		put(t, file, text)
		c.keys.files.next = time.Time{}
		require.NoError(t, c.Post(t.Context(), []byte("{}"), 1, &wire.Answer{}))
		require.Equal(t, "LOGS", last())
	}
}

// TestAProfileIsNotReadByHalf is of a profile whose role has keys of the same name
// beside it, in the other file.
func TestAProfileIsNotReadByHalf(t *testing.T) {
	clientOf(t, "http://localhost")
	home(t, keysOf("logs", "LOGS"), "[profile logs]\nrole_arn=arn:aws:iam::123456789012:role/logs\nsource_profile=nobody\n")
	_, err := New(Options{Region: "us-west-2", Profile: "logs", Format: wire.FormatOf(wire.JSON)})
	require.ErrorContains(t, err, "nobody")
}
