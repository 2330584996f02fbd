//lint:file-ignore SA1019 the project stays on version 1 of the SDK

package service

import (
	"errors"

	"github.com/aws/aws-sdk-go/aws/awserr"
)

// unknownKeys are the codes of refusals by a service that does not know the keys,
// such as those of a role that was made anew, or not with this secret, such as
// one that was read while its file was being written.
var unknownKeys = map[string]bool{
	"UnrecognizedClientException": true,
	"InvalidSignatureException":   true,

	// The same, of the token service.
	"InvalidClientTokenId":  true,
	"SignatureDoesNotMatch": true,
}

// refusedKeys tells whether it is for the keys of the caller that the token service
// hands out none.
func refusedKeys(err error) bool {
	return anyCause(err, func(cause awserr.Error) bool {
		code := cause.Code()
		f, known := lookUp(code)
		return unknownKeys[code] || known && f == Expired
	})
}

// anyCause tells whether this holds for an error of the SDK, or for any of those
// that it is because of. They are not such as the errors package unwraps.
func anyCause(err error, holds func(awserr.Error) bool) bool {
	var e awserr.Error
	if !errors.As(err, &e) {
		return false
	}
	if holds(e) {
		return true
	}
	causes := []error{e.OrigErr()}
	if batch, ok := e.(awserr.BatchedErrors); ok {
		causes = batch.OrigErrs()
	}
	for _, cause := range causes {
		if cause != nil && anyCause(cause, holds) {
			return true
		}
	}
	return false
}
