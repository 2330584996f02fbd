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
