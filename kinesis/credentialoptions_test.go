package kinesis

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/plugins"
)

func TestExternalIDsAreReadAndNeverShown(t *testing.T) {
	const role = "arn:aws:iam::123456789012:role/logs"
	for _, id := range []string{"12", "app-logs_7d1f+=,.@:/", strings.Repeat("x", 1224)} {
		config, settings, err := ReadConfig(with("role_arn", role, "external_id", id), noEnv)
		require.NoError(t, err)
		require.Equal(t, id, config.ExternalID)
		require.Empty(t, config.Warnings)
		require.Contains(t, settings, plugins.Setting{Name: "external_id", Value: "***"})
	}
	for _, id := range []string{"1", "two words", "ü1", strings.Repeat("x", 1225)} {
		_, _, err := ReadConfig(with("role_arn", role, "external_id", id), noEnv)
		require.EqualError(t, err, "external_id = ***: must be 2 to 1224 of the characters a-z, A-Z, 0-9, _ + = , . @ : / -")
	}
}

func TestWhatIsSaidToAssumeARoleNeedsTheRole(t *testing.T) {
	env := plugins.Values{"EKS_POD_EXECUTION_ROLE": "arn:aws:iam::123456789012:role/pod"} // it is not for this one
	config, _, err := ReadConfig(with("external_id", "12", "role_session_name", "logs", "role_duration", "1h"), env.Get)
	require.NoError(t, err)
	require.Equal(t, []string{"external_id has no effect without role_arn", "role_session_name has no effect without role_arn",
		"role_duration has no effect without role_arn"}, config.Warnings)
}

func TestAProfileMustBeOneOfThoseThatThereAre(t *testing.T) {
	for _, test := range []struct{ name, credentials, config, says string }{
		{"it has keys", "[logs]\naws_access_key_id=a\naws_secret_access_key=b\n", "", ""},
		{"it has a role", "[default]\naws_access_key_id=a\naws_secret_access_key=b\n", "[profile logs]\nrole_arn=r\nsource_profile=default\n", ""},
		{"there are no files", "", "", ""},
		{"no profile has credentials yet", "[logs]\naws_access_key_id=a\n", "[default]\nregion=us-west-2\n", ""},
		{"there are others", "[b]\naws_access_key_id=a\naws_secret_access_key=b\n", "[profile a]\ncredential_process=x\n", ", such as a, b"},
		{"it has no credentials, and another has", "[b]\naws_access_key_id=a\naws_secret_access_key=b\n", "[profile logs]\nregion=us-west-2\n", ", such as b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			credentials, config := filepath.Join(dir, "credentials"), filepath.Join(dir, "config")
			require.NoError(t, os.WriteFile(credentials, []byte(test.credentials), 0o600))
			require.NoError(t, os.WriteFile(config, []byte(test.config), 0o600))
			t.Setenv("AWS_SHARED_CREDENTIALS_FILE", credentials)
			t.Setenv("AWS_CONFIG_FILE", config)
			_, _, err := ReadConfig(with("profile", " logs "), noEnv)
			if test.says == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, `profile = "logs": must be a profile that has credentials in `+credentials+" and "+config+test.says)
		})
	}
}
