package service

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/wire"
)

func TestTheSessionOfAChainLastsAnHourAtMost(t *testing.T) {
	const role = "arn:aws:iam::123456789012:role/logs"
	const keys, roles = "[default]\naws_access_key_id=a\naws_secret_access_key=b\n", "[profile by-role]\nrole_arn=" + role + "\nsource_profile=default\n"
	noKeys := map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
	env := func(name, value string) map[string]string {
		return map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_ROLE_ARN": role, name: value}
	}
	for _, test := range []struct {
		name    string
		options Options
		env     map[string]string
		chained bool
	}{
		{"keys of the environment", Options{RoleARN: role}, nil, false},
		{"the pod's role before it", Options{PodRoleARN: role, RoleARN: role}, nil, true},
		{"keys of the default profile", Options{RoleARN: role}, noKeys, false},
		{"keys of a profile", Options{RoleARN: role, Profile: "default"}, nil, false},
		{"the role of a profile", Options{RoleARN: role, Profile: "by-role"}, nil, true},
		{"the role of the environment's profile", Options{RoleARN: role}, env("AWS_PROFILE", "by-role"), true},
		{"keys of a profile before the environment's profile", Options{RoleARN: role, Profile: "default"}, env("AWS_PROFILE", "by-role"), false},
		{"keys of the environment before its profile", Options{RoleARN: role}, map[string]string{"AWS_PROFILE": "by-role"}, false},
		{"a web identity", Options{RoleARN: role}, env("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"), true},
		{"a profile before a web identity", Options{RoleARN: role, Profile: "default"}, env("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"), false},
		{"no role at all", Options{Profile: "by-role"}, nil, false},
	} {
		for _, duration := range []time.Duration{0, 15 * time.Minute, time.Hour, 2 * time.Hour, 12 * time.Hour} {
			t.Run(test.name+" "+duration.String(), func(t *testing.T) {
				clientOf(t, "http://localhost") // sets the environment
				home(t, keys, roles)
				for name, value := range test.env {
					t.Setenv(name, value)
				}
				o := test.options
				var warnings []string
				o.Region, o.RoleDuration, o.Format = "us-west-2", duration, wire.FormatOf(wire.JSON)
				o.Warn = func(text string) { warnings = append(warnings, text) }
				c, err := New(o)
				require.NoError(t, err)
				c.Close()
				if !test.chained || duration <= time.Hour {
					require.Empty(t, warnings)
					require.True(t, o.RoleARN == "" || o.sessionDuration() == duration)
					return
				}
				require.Equal(t, time.Hour, o.sessionDuration())
				require.Len(t, warnings, 1)
				require.Contains(t, warnings[0], "role_duration = "+duration.String()+": ")
				require.Contains(t, warnings[0], "1h0m0s is used")
			})
		}
	}
}
