//lint:file-ignore SA1019 the project stays on version 1 of the SDK

package service

import (
	"os"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/credentials/stscreds"
	"github.com/aws/aws-sdk-go/aws/session"
)

// Bounds of [Options.RoleDuration], by the API reference of AssumeRole.
const (
	LeastRoleDuration = 15 * time.Minute
	MostRoleDuration  = 12 * time.Hour
)

// mostChained is the longest session of a role that is assumed with the
// credentials of another: see "role chaining" in the API reference of AssumeRole.
const mostChained = time.Hour

// A role is one to assume, and what is said to assume it.
type role struct {
	arn, sessionName, externalID string
	duration                     time.Duration
}

// roles are those to assume, in their order. Those without an ARN are left out.
func (o *Options) roles() []role {
	return []role{
		{arn: o.PodRoleARN},
		{o.RoleARN, o.RoleSessionName, o.ExternalID, o.sessionDuration()},
	}
}

// sessionDuration is how long a session of RoleARN is asked to last. The token
// service hands out none that is longer than it may be.
func (o *Options) sessionDuration() time.Duration {
	if o.chained() {
		return min(o.RoleDuration, mostChained)
	}
	return o.RoleDuration
}

// chained tells whether RoleARN is assumed with the credentials of another role, as
// far as that shows. Those that a service of this machine hands out do not show.
func (o *Options) chained() bool {
	switch {
	case o.PodRoleARN != "":
		return true
	case o.Profile != "":
		return profileHas(o.Profile, "role_arn")
	case os.Getenv("AWS_ACCESS_KEY_ID") != "":
		return false
	case os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != "":
		return true
	}
	return profileHas(profileInUse(""), "role_arn")
}

// warnOfRoles says what is not as it was asked for.
func (o *Options) warnOfRoles() {
	if used := o.sessionDuration(); o.RoleARN != "" && used < o.RoleDuration {
		o.warn("role_duration = %v: role_arn is assumed with the credentials of another role, and AWS gives such a session %v at most; %v is used", o.RoleDuration, mostChained, used)
	}
}

// assumeRoles chains roles: each is assumed with the credentials of the one
// before it, the first with those of the session.
func (c *Client) assumeRoles(sess *session.Session, o *Options) *credentials.Credentials {
	for _, role := range o.roles() {
		if role.arn == "" {
			continue
		}
		sess = sess.Copy(aws.NewConfig().WithCredentials(stscreds.NewCredentials(sess, role.arn, func(p *stscreds.AssumeRoleProvider) {
			p.ExpiryWindow, p.CurrentTime = sessionWindow, c.clock.now
			p.Duration = role.duration
			if role.sessionName != "" {
				p.RoleSessionName = role.sessionName
			}
			if role.externalID != "" {
				p.ExternalID = &role.externalID
			}
		})))
	}
	return sess.Config.Credentials
}
