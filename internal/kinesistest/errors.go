package kinesistest

import "fmt"

// Error is a refusal as the service answers it.
type Error struct {
	Status  int    `json:"status"`  // of HTTP
	Code    string `json:"code"`    // such as ResourceNotFoundException; goes into __type as it is
	Message string `json:"message"` // for people
}

// Error is the code and the message.
func (e Error) Error() string { return e.Code + ": " + e.Message }

// known are the refusals that clients of PutRecords meet, with the status and
// the words of the service.
var known = map[string]Error{
	"AccessDeniedException": {400, "",
		"User: arn:aws:iam::" + accountID + ":user/test is not authorized to perform this operation because no identity-based policy allows it"},
	"ExpiredTokenException":                  {400, "", "The security token included in the request is expired"},
	"InternalFailure":                        {500, "", "Internal service failure."},
	"InvalidArgumentException":               {400, "", "The request holds an invalid argument."},
	"InvalidSignatureException":              {400, "", "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."},
	"KMSAccessDeniedException":               {400, "", "The ciphertext refers to a key that does not exist or that you do not have access to."},
	"KMSThrottlingException":                 {400, "", "The request was denied due to request throttling by KMS."},
	"LimitExceededException":                 {400, "", "Rate exceeded."},
	"ProvisionedThroughputExceededException": {400, "", "Rate exceeded for the stream."},
	"RequestExpired":                         {400, "", "Request has expired."},
	"ResourceNotFoundException":              {400, "", "The stream is not found."},
	"ServiceUnavailable":                     {503, "", "The request has failed due to a temporary failure of the server."},
	"ThrottlingException":                    {400, "", "Rate exceeded"},
	"UnrecognizedClientException":            {400, "", "The security token included in the request is invalid."},
	"ValidationException":                    {400, "", "1 validation error detected: the request is invalid."},
}

// ErrorNamed is the error of that code with the service's status and words. A
// code that is not known has status 400.
func ErrorNamed(code string) Error {
	e, ok := known[code]
	if !ok {
		e = Error{Status: 400, Message: "The request was refused as " + code + "."}
	}
	e.Code = code
	return e
}

// refuse is the error of that code with words of its own.
func refuse(code, format string, args ...any) Error {
	e := ErrorNamed(code)
	e.Message = fmt.Sprintf(format, args...)
	return e
}
