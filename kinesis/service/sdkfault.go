//lint:file-ignore SA1019 the project stays on version 1 of the SDK

package service

import (
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/request"
)

// sdkFault is what the SDK knows of a code; known is false where that is
// nothing.
func sdkFault(code string) (f Fault, known bool) {
	err := awserr.New(code, "", nil)
	switch {
	case request.IsErrorThrottle(err):
		return Throttled, true
	case request.IsErrorExpiredCreds(err):
		return Expired, true
	case request.IsErrorRetryable(err):
		return Failing, true
	}
	return Denied, false
}
