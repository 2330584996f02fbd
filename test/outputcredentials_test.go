package test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

func TestARoleIsAssumedAsTheOptionsSay(t *testing.T) {
	for _, x := range []struct {
		name     string
		env      []string
		options  options
		want     kinesistest.AssumeRoleCall // the last one
		warnings int
	}{
		{"all of it", nil, options{"external_id": "hush-7d1f", "role_session_name": "fluent-bit@node", "role_duration": "12h"},
			kinesistest.AssumeRoleCall{ExternalID: "hush-7d1f", SessionName: "fluent-bit@node", Duration: 12 * time.Hour}, 0},
		{"nothing of it", nil, options{}, kinesistest.AssumeRoleCall{Duration: 15 * time.Minute}, 0},
		{"behind the pod's role", []string{"EKS_POD_EXECUTION_ROLE=" + podRole}, options{"external_id": "hush-7d1f", "role_session_name": "fluent-bit", "role_duration": "3600"},
			kinesistest.AssumeRoleCall{ExternalID: "hush-7d1f", SessionName: "fluent-bit", Duration: time.Hour}, 0},
		{"behind the pod's role, for longer than AWS allows", []string{"EKS_POD_EXECUTION_ROLE=" + podRole}, options{"role_duration": "2h"},
			kinesistest.AssumeRoleCall{Duration: time.Hour}, 1},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := runStream(t, kinesistest.Options{})
			if x.want.ExternalID != "" {
				s.RequireExternalID(role, x.want.ExternalID)
			}
			h := runHost(t, s, flbhost.Config{Env: x.env}, merged(x.options, options{"role_arn": role, "sts_endpoint": s.STSURL()}))
			flushAll(t, h, 0, goodThen().Bytes())
			require.Len(t, s.Records(streamName), len(goodData))

			calls := s.AssumeRoleCalls()
			last := calls[len(calls)-1]
			require.Equal(t, role, last.RoleARN)
			require.True(t, signedBy(s, last.Issued))
			require.Equal(t, x.want.ExternalID, last.ExternalID)
			require.Equal(t, x.want.Duration, last.Duration)
			if x.want.SessionName != "" {
				require.Equal(t, x.want.SessionName, last.SessionName)
			} else {
				require.Regexp(t, "^[0-9]+$", last.SessionName)
			}
			for _, call := range calls[:len(calls)-1] {
				require.Empty(t, call.ExternalID, "it is for role_arn")
				require.Regexp(t, "^[0-9]+$", call.SessionName)
				require.Equal(t, 15*time.Minute, call.Duration)
			}
			log := exitLog(t, h)
			require.Len(t, log.with("warning", "role_duration = ", "1h0m0s is used"), x.warnings)
			require.Len(t, log.texts("warning"), x.warnings)
			requireSecret(t, h, "hush-7d1f")
		})
	}
}

// TestAWrongExternalIDIsSaidUntilItFits has the trust policy be mended.
func TestAWrongExternalIDIsSaidUntilItFits(t *testing.T) {
	for name, given := range map[string]options{"another": {"external_id": "hush-mine"}, "none": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := runStream(t, kinesistest.Options{})
			s.RequireExternalID(role, "hush-theirs")
			h := runHost(t, s, retried, merged(given, options{"role_arn": role, "sts_endpoint": s.STSURL()}))
			requireMends(t, s, h, func() { s.RequireExternalID(role, given["external_id"]) },
				"failed (denied): NoCredentials: AccessDenied: User: ", "not authorized to perform: sts:AssumeRole on resource: "+role,
				"whether it asks for an external ID (sts:ExternalId), which external_id has to be")
			requireSecret(t, h, "hush-mine", "hush-theirs")
		})
	}
}

// TestASessionThatIsTooLongForTheRoleIsSaid is of a chain that does not show: keys of
// the environment that are those of a role.
func TestASessionThatIsTooLongForTheRoleIsSaid(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{})
	first := runHost(t, s, flbhost.Config{}, options{"role_arn": podRole, "sts_endpoint": s.STSURL()})
	flushAll(t, first, 0, goodThen().Bytes())
	s.Reset()
	c := s.AssumeRoleCalls()[0].Issued
	env := []string{"AWS_ACCESS_KEY_ID=" + c.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + c.SecretAccessKey, "AWS_SESSION_TOKEN=" + c.SessionToken}
	h := runHost(t, s, flbhost.Config{Env: env}, options{"role_arn": role, "sts_endpoint": s.STSURL(), "role_duration": "2h"})
	result, err := h.Flush(0, "tag", goodThen().Bytes())
	require.NoError(t, err)
	require.Equal(t, flbhost.Retry, result.Code)
	requireLine(t, exitLog(t, h), "error", "ValidationError: The requested DurationSeconds exceeds the 1 hour session limit", "set role_duration to no more than")
}

// TestOutputsHaveCredentialsOfTheirOwn has each stream accept those of one output
// alone, at a token service of its own, while files change and sessions end.
func TestOutputsHaveCredentialsOfTheirOwn(t *testing.T) {
	t.Parallel()
	home := newSharedHome(t)
	outputs := []struct {
		profile string
		options options
		caller  int // the number of the keys that it is to sign or to assume with
	}{
		{"a", options{}, 1},
		{"b", options{"role_arn": role, "role_session_name": "of-b", "external_id": "id-of-b"}, 2},
		{"c", options{"role_arn": podRole, "role_session_name": "of-c", "role_duration": "1h"}, 3},
		{"", options{"role_arn": role, "role_session_name": "of-the-environment"}, 4},
	}
	files := func(add int) string {
		return profileOf("a", keysNumbered(1+add)) + profileOf("b", keysNumbered(2+add)) + profileOf("c", keysNumbered(3+add)) + profileOf("logs", keysNumbered(4+add))
	}
	replace(t, home.credentials, files(0))
	config := flowHost
	config.Env = home.env()
	var streams []*kinesistest.Server
	var sections []options
	for _, o := range outputs {
		s := runStream(t, kinesistest.Options{PlainHTTP: true, SessionLifetime: sessionDueSoon,
			Credentials: []kinesistest.Credentials{keysNumbered(o.caller), keysNumbered(o.caller + 4)}})
		s.RequireExternalID(role, o.options["external_id"])
		streams = append(streams, s)
		sections = append(sections, merged(o.options, options{"endpoint": s.URL(), "sts_endpoint": s.STSURL(), "profile": o.profile}))
	}
	h := runHost(t, streams[0], config, sections...)
	sent := 0
	round := func() {
		var jobs []*flbhost.Job
		for instance := range outputs {
			for range flowChunks {
				jobs = append(jobs, h.Go(instance, "app.log", goodThen().Bytes()))
			}
		}
		requireTaken(t, jobs)
		sent += flowChunks * len(goodData)
	}
	round()
	replace(t, home.credentials, files(4))
	eventually(t, "each has its new keys", func() bool {
		round()
		renewed := 0
		for i, o := range outputs {
			next := keysNumbered(o.caller + 4)
			calls := streams[i].AssumeRoleCalls()
			if signedBy(streams[i], next) || len(calls) > 0 && calls[len(calls)-1].Caller == next.AccessKeyID {
				renewed++
			}
		}
		return renewed == len(outputs)
	})
	log := exitLog(t, h)
	require.Empty(t, append(log.texts("warning"), log.texts("error")...))
	for i, o := range outputs {
		require.Len(t, streams[i].Records(streamName), sent, "records of output %d", i)
		calls := streams[i].AssumeRoleCalls()
		require.Equal(t, o.options["role_arn"] != "", len(calls) > 0)
		for _, call := range calls {
			require.Empty(t, call.Refused)
			require.Equal(t, o.options["role_arn"], call.RoleARN)
			require.Equal(t, o.options["role_session_name"], call.SessionName)
			require.Equal(t, o.options["external_id"], call.ExternalID)
			require.Contains(t, []string{keysNumbered(o.caller).AccessKeyID, keysNumbered(o.caller + 4).AccessKeyID}, call.Caller)
		}
	}
}

func TestAProfileOfTheOutputGoesBeforeTheEnvironment(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{})
	home := newSharedHome(t)
	replace(t, home.credentials, profileOf("logs", keysNumbered(1))+profileOf("output", keysNumbered(2)))
	s.AddCredentials(keysNumbered(1), keysNumbered(2))
	// Beside the keys of the environment, which stay.
	env := []string{"AWS_SHARED_CREDENTIALS_FILE=" + home.credentials, "AWS_CONFIG_FILE=" + home.config, "AWS_PROFILE=logs"}
	h := runHost(t, s, flbhost.Config{Env: env}, options{"profile": "output"}, options{})
	flushAll(t, h, 0, goodThen().Bytes())
	require.True(t, signedBy(s, keysNumbered(2)))
	flushAll(t, h, 1, goodThen().Bytes())
	require.True(t, signedBy(s, kinesistest.DefaultCredentials))
	log := exitLog(t, h)
	requireLine(t, log, "info", "[kinesis 0] profile = output")
	requireLine(t, log, "info", "[kinesis 1] profile = (not set)")
	require.Empty(t, log.texts("warning"))
}

// TestAProfileWithARoleChains has the profile's role be assumed, and role_arn with it.
func TestAProfileWithARoleChains(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{Credentials: []kinesistest.Credentials{keysNumbered(1)}})
	home := newSharedHome(t)
	replace(t, home.credentials, profileOf("base", keysNumbered(1)))
	write(t, home.config, []byte("[profile output]\nrole_arn = "+podRole+"\nsource_profile = base\n"))
	h := runHost(t, s, flbhost.Config{Env: home.env()},
		options{"profile": "output", "role_arn": role, "role_session_name": "of-the-output", "role_duration": "4h", "sts_endpoint": s.STSURL()})
	flushAll(t, h, 0, goodThen().Bytes())
	calls := s.AssumeRoleCalls()
	require.Equal(t, 1, requireChained(t, calls, keysNumbered(1).AccessKeyID))
	require.Equal(t, time.Hour, calls[1].Duration)
	require.Equal(t, "of-the-output", calls[1].SessionName)
	require.NotEqual(t, "of-the-output", calls[0].SessionName)
	requireLine(t, exitLog(t, h), "warning", "role_duration = 4h0m0s: role_arn is assumed with the credentials of another role")
}

func TestAProfileThatIsNoneStopsTheStart(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	home := newSharedHome(t)
	replace(t, home.credentials, profileOf("logs", keysNumbered(1)))
	mistakes := refusedStart(t, s, flbhost.Config{Env: home.env()}, options{"profile": "lgos", "compression": "lz4"}).texts("error")
	require.Len(t, mistakes, 2)
	require.Contains(t, mistakes[1], `[kinesis 0] cannot start: profile = "lgos": must be a profile that has credentials in `+home.credentials+" and "+home.config+", such as logs")
}

// TestAProfileThatIsStillToComeIsWaitedFor has an agent of a container offer other
// credentials, which are not those of the profile.
func TestAProfileThatIsStillToComeIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{Credentials: []kinesistest.Credentials{keysNumbered(1)}})
	e := runContainerEndpoint(t, s, time.Hour, "token")
	home := newSharedHome(t)
	config := retried
	config.Env = home.env("AWS_CONTAINER_CREDENTIALS_FULL_URI="+e.url+"/v1/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN=token")
	h := runHost(t, s, config, options{"profile": "logs"})
	requireLine(t, logOf(h), "warning", `profile = "logs": there are no credentials of this profile in `, "nothing can be sent until there are")
	requireMends(t, s, h, func() { replace(t, home.credentials, profileOf("logs", keysNumbered(1))) },
		`failed (denied): NoCredentials: profile = "logs": there are no credentials of this profile in `)
	require.Zero(t, e.count())
}
