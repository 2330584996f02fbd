//lint:file-ignore SA1019 the project stays on version 1 of the SDK

package service

import (
	"errors"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/request"
)

// What a person can do where there are no credentials. The metadata service of an
// instance answers with no more than a status, and the token service does not say
// what of a role's trust policy is in the way.
const (
	adviceHopLimit = "the instance's metadata service wants a token and gives none to here, as to a container that is a network hop further than its limit: " +
		"set the instance's metadata hop limit to 2 (aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2), " +
		"or run on the host's network, or give the pod or task a role of its own (IRSA, EKS Pod Identity, an ECS task role)"
	adviceTurnedOff = "the instance's metadata service is turned off: " +
		"turn it on (aws ec2 modify-instance-metadata-options --http-endpoint enabled), or give credentials in another way"
	adviceNoRole = "the instance has no role: " +
		"give it an instance profile, or give credentials in another way"
	adviceTrust = "see whether the role's trust policy allows this caller, " +
		"and whether it asks for an external ID (sts:ExternalId), which external_id has to be then"
	adviceDuration = "set role_duration to no more than the maximum session duration of the role, " +
		"and to no more than 1h where it is assumed with the credentials of another role"
	adviceSilent = "there are no credentials in the environment or in the shared files, and no metadata service of an instance answers: " +
		"give credentials, or, on an instance, see whether a firewall or a network policy is in the way of its metadata service"
)

// advice is what to do about an error of the chain of credentials; empty where
// the error says it by itself.
func advice(err error) (text string) {
	if hint := adviceOnRole(err); hint != "" {
		return hint
	}
	answered := anyCause(err, func(cause awserr.Error) bool {
		if cause.Code() != "EC2MetadataError" {
			return false
		}
		text = adviceHopLimit // no token, and no doing without is allowed
		var answer awserr.RequestFailure
		if errors.As(cause, &answer) {
			text = adviceOn(answer.StatusCode())
		}
		return true
	})
	if !answered && anyCause(err, unanswered) {
		return adviceSilent
	}
	return text
}

// adviceOnRole is about the token service's refusals of a role, which come as they
// are.
func adviceOnRole(err error) string {
	var e awserr.RequestFailure
	switch {
	case !errors.As(err, &e):
	case e.Code() == "AccessDenied":
		return adviceTrust
	case e.Code() == "ValidationError" && strings.Contains(e.Message(), "DurationSeconds"):
		return adviceDuration
	}
	return ""
}

func adviceOn(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return adviceHopLimit
	case http.StatusForbidden:
		return adviceTurnedOff
	case http.StatusNotFound:
		return adviceNoRole
	}
	return ""
}

// unanswered tells whether an error of the SDK is that of the metadata service,
// for a request that had no answer.
func unanswered(e awserr.Error) bool {
	return e.Code() == "EC2RoleRequestError" && anyCause(e.OrigErr(), func(cause awserr.Error) bool {
		return cause.Code() == request.ErrCodeRequestError
	})
}
