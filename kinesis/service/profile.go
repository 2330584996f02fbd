package service

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// sources are the settings by which a profile says where its credentials come
// from. Those of a line have to be in one file together.
var sources = [][]string{
	{"aws_access_key_id", "aws_secret_access_key"},
	{"role_arn"},
	{"credential_process"},
	{"sso_session"},
	{"sso_start_url"},
}

// Profiles are the names of the profiles that have credentials, or say where they
// come from, in any of the shared files as they are now. Names are sorted.
func Profiles() []string {
	found := map[string]bool{}
	for _, file := range sharedFiles() {
		has := map[string][]string{} // the settings of a profile
		for s := range settingsOf(textOf(file)) {
			if name, ok := s.profile(); ok && s.value != "" {
				has[name] = append(has[name], s.name)
			}
		}
		for name, settings := range has {
			if leadsToCredentials(settings) {
				found[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func leadsToCredentials(settings []string) bool {
	return slices.ContainsFunc(sources, func(all []string) bool {
		return !slices.ContainsFunc(all, func(one string) bool { return !slices.Contains(settings, one) })
	})
}

// SharedFiles names the shared files, for a message.
func SharedFiles() string { return strings.Join(sharedFiles(), " and ") }

// checkProfile has no other credentials be taken for those of a profile: the SDK
// goes on to those of the machine where it finds none under the name. As the files
// may change meanwhile, it is asked before the SDK reads them and afterwards. An
// empty name is that of no profile.
func checkProfile(name string) error {
	if name == "" || slices.Contains(Profiles(), name) {
		return nil
	}
	return fmt.Errorf("profile = %q: there are no credentials of this profile in %s", name, SharedFiles())
}
