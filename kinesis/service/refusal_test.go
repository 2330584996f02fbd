//lint:file-ignore SA1019 the project stays on version 1 of the SDK

package service

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/stretchr/testify/require"
)

func TestKeysThatTheTokenServiceRefusesAreFoundInTheError(t *testing.T) {
	refused := func(code string) error {
		return awserr.NewRequestFailure(awserr.New(code, "m", nil), 403, "id")
	}
	for _, code := range []string{"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException"} {
		require.True(t, refusedKeys(refused(code)), code)
		require.True(t, refusedKeys(fmt.Errorf("wrapped: %w", refused(code))), code)
		require.True(t, refusedKeys(awserr.New("WebIdentityErr", "m", refused(code))), code)
		require.True(t, refusedKeys(awserr.NewBatchError("NoCredentialProviders", "m", []error{errors.New("other"), refused("AccessDenied"), refused(code)})), code)
	}
	for _, err := range []error{nil, errors.New("ExpiredToken"), refused("AccessDenied"), refused("Throttling"), awserr.New("NoCredentialProviders", "m", nil)} {
		require.False(t, refusedKeys(err), "%v", err)
	}
}

func TestAdviceIsForWhatAPersonCanMend(t *testing.T) {
	chain := func(cause error) error {
		return awserr.NewBatchError("NoCredentialProviders", "m", []error{
			awserr.New("EnvAccessKeyNotFound", "m", nil), awserr.New("EC2RoleRequestError", "no EC2 instance role found", cause),
		})
	}
	status := func(status int) error {
		return awserr.NewRequestFailure(awserr.New("EC2MetadataError", "m", nil), status, "id")
	}
	refused := func(code, message string) error {
		return awserr.NewRequestFailure(awserr.New(code, message, nil), 403, "id")
	}
	silence := awserr.New("RequestError", "send request failed", errors.New("timeout"))
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"401":                               {chain(status(401)), adviceHopLimit},
		"no token, where one is needed":     {chain(awserr.New("EC2MetadataError", "no token", silence)), adviceHopLimit},
		"403":                               {chain(status(403)), adviceTurnedOff},
		"404":                               {chain(status(404)), adviceNoRole},
		"500":                               {chain(status(500)), ""},
		"no answer":                         {chain(silence), adviceSilent},
		"turned off by the environment":     {chain(awserr.New("RequestCanceled", "m", nil)), ""},
		"no answer of the token service":    {silence, ""},
		"the token service denies":          {refused("AccessDenied", "m"), adviceTrust},
		"a session longer than of a chain":  {refused("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."), adviceDuration},
		"a session longer than of the role": {refused("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."), adviceDuration},
		"another value that is not valid":   {refused("ValidationError", "m"), ""},
		"a process that denies":             {awserr.New("ProcessProviderExecutionError", "m", awserr.New("AccessDenied", "m", nil)), ""},
		"an error that is not of the SDK's": {errors.New("other"), ""},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, advice(test.err)) })
	}
}
