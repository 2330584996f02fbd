package kinesistest

import (
	"encoding/xml"
	"strings"
	"time"
)

// The token service's answers, as its API reference has them.

const stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"

type stsError struct {
	XMLName   xml.Name       `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
	Error     stsErrorDetail `xml:"Error"`
	RequestID string         `xml:"RequestId"`
}

type stsErrorDetail struct {
	Type    string
	Code    string
	Message string
}

type assumeRoleResponse struct {
	XMLName   xml.Name
	Result    assumeRoleResult
	RequestID string `xml:"ResponseMetadata>RequestId"`
}

type assumeRoleResult struct {
	XMLName                     xml.Name
	SubjectFromWebIdentityToken string             `xml:",omitempty"`
	AssumedRoleUser             assumedRoleUser    `xml:"AssumedRoleUser"`
	Credentials                 sessionCredentials `xml:"Credentials"`
}

type assumedRoleUser struct {
	AssumedRoleID string `xml:"AssumedRoleId"`
	ARN           string `xml:"Arn"`
}

type sessionCredentials struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string // ISO 8601, UTC
}

// assumeRoleAnswer is the answer to either action; only its names differ.
func assumeRoleAnswer(call AssumeRoleCall, requestID string) assumeRoleResponse {
	result := assumeRoleResult{
		XMLName: xml.Name{Local: call.Action + "Result"},
		AssumedRoleUser: assumedRoleUser{
			AssumedRoleID: "AROAKINESISTEST00001:" + call.SessionName,
			ARN:           sessionARN(call),
		},
		Credentials: sessionCredentials{
			AccessKeyID:     call.Issued.AccessKeyID,
			SecretAccessKey: call.Issued.SecretAccessKey,
			SessionToken:    call.Issued.SessionToken,
			Expiration:      call.Issued.Expires.UTC().Format(time.RFC3339),
		},
	}
	if call.WebIdentityToken != "" {
		result.SubjectFromWebIdentityToken = "system:serviceaccount:default:test"
	}
	return assumeRoleResponse{
		XMLName:   xml.Name{Space: stsNamespace, Local: call.Action + "Response"},
		Result:    result,
		RequestID: requestID,
	}
}

// sessionARN names the session of a role: arn:aws:iam::1:role/a/b becomes
// arn:aws:sts::1:assumed-role/b/session.
func sessionARN(call AssumeRoleCall) string {
	account, path, _ := strings.Cut(call.RoleARN, ":role/")
	account = strings.Replace(account, ":iam:", ":sts:", 1)
	return account + ":assumed-role/" + path[strings.LastIndexByte(path, '/')+1:] + "/" + call.SessionName
}
