package test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// chained are the options and the environment of two roles, one behind the
// other.
func chained(s *kinesistest.Server, config flbhost.Config) (flbhost.Config, options) {
	config.Env = append([]string{"EKS_POD_EXECUTION_ROLE=" + podRole}, config.Env...)
	return config, options{"role_arn": role, "sts_endpoint": s.STSURL()}
}

// requireChained requires that each role was assumed with the newest
// credentials of the one before it, and returns how often the last one was.
func requireChained(t *testing.T, calls []kinesistest.AssumeRoleCall, first string) (assumed int) {
	t.Helper()
	pod := ""
	for _, call := range calls {
		switch call.RoleARN {
		case podRole:
			require.Equal(t, first, call.Caller, "the pod's role is assumed with the first credentials")
			pod = call.Issued.AccessKeyID
		case role:
			require.Equal(t, pod, call.Caller, "role_arn is assumed with the newest credentials of the pod's role")
			assumed++
		default:
			require.Fail(t, "a role that nobody asked for", call.RoleARN)
		}
	}
	return assumed
}

func TestAChainOfRolesIsRenewedLinkByLinkWhileRecordsFlow(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{SessionLifetime: sessionDueSoon})
	config, section := chained(s, flowHost)
	f := newFlow(t, s, runHost(t, s, config, section))
	own := kinesistest.DefaultCredentials.AccessKeyID
	f.until("role_arn was assumed three times", func() bool { return requireChained(t, s.AssumeRoleCalls(), own) >= 3 })
	newest := map[string]kinesistest.Credentials{}
	for _, call := range s.AssumeRoleCalls() {
		newest[call.RoleARN] = call.Issued
	}
	s.SetCredentials(kinesistest.DefaultCredentials, newest[podRole], newest[role])
	f.round()
	f.requireQuiet()
}

func TestAChainOfRolesBeginsWithTheInstancesCredentials(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{SessionLifetime: sessionDueSoon})
	m := runMetadataService(t, s, time.Hour)
	config, section := chained(s, flowHost)
	f := newFlow(t, s, instanceHost(t, m, config, section))
	f.until("role_arn was assumed twice", func() bool {
		return requireChained(t, s.AssumeRoleCalls(), m.all()[0].AccessKeyID) >= 2
	})
	require.Equal(t, 1, m.count())
	f.requireQuiet()
}

// TestASessionThatCannotBeRenewedYetGoesOnAndItsEndIsSaid has the trust of a
// role taken away while it is in use, and given back.
func TestASessionThatCannotBeRenewedYetGoesOnAndItsEndIsSaid(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{SessionLifetime: 59 * time.Second}) // due at once
	config, section := chained(s, flbhost.Config{Workers: flowChunks, RetryLimit: flbhost.NoLimit})
	h := runHost(t, s, config, section)
	f := newFlow(t, s, h)
	f.round()
	s.RefuseRoles(&kinesistest.Error{Status: 403, Code: "AccessDenied", Message: "not authorized to perform: sts:AssumeRole on resource: " + role})
	f.round()
	f.requireOnce()
	require.Empty(t, logOf(h).texts("warning"))

	s.Reset()
	for _, call := range s.AssumeRoleCalls() {
		call.Issued.Expires = time.Now().Add(-time.Minute)
		if call.Issued.AccessKeyID != "" {
			s.AddCredentials(call.Issued)
		}
	}
	job := h.Go(0, "tag", goodThen().Bytes())
	eventually(t, "the log says that the session has ended", func() bool {
		return len(logOf(h).with("warning", "records of a chunk go back", "NoCredentials: AccessDenied", "sts:AssumeRole on resource: "+role)) > 0
	})
	require.Empty(t, s.Records(streamName))
	s.RefuseRoles(nil)
	requireTaken(t, []*flbhost.Job{job})
	require.ElementsMatch(t, goodData, datas(s.Records(streamName)))
}
