package kinesis

import (
	"fmt"
	"slices"
	"strings"

	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/plugins"
)

// An addedKey is a key under which something is added to records, and the option
// that asks for it.
type addedKey struct{ option, key string }

// addedKeys are those that are set.
func addedKeys(r *record.Options) []addedKey {
	all := []addedKey{{"time_key", r.TimeKey}, {"tag_key", r.TagKey}, {"metadata_key", r.MetadataKey}, {"group_key", r.GroupKey}}
	return slices.DeleteFunc(all, func(a addedKey) bool { return a.key == "" })
}

// checkAddedKeys refuses one key for two things, and remarks on what is added to
// no record.
func checkAddedKeys(r *record.Options, o *plugins.Options) {
	keys := addedKeys(r)
	for i, a := range keys {
		for _, before := range keys[:i] {
			if dotless(r, a.key) == dotless(r, before.key) {
				o.Refuse(a.option, a.key, fmt.Sprintf("is what %s has as its key, and must be another one", before.option))
			}
		}
		if a.option != "time_key" && r.LogKey != "" && dotless(r, a.key) != r.LogKey && (len(r.PartitionKey) == 0 || r.PartitionKey[0] != a.key) {
			o.Warn("%s has no effect with log_key, which sends one value alone", a.option)
		}
	}
}

// dotless is a key as it comes out.
func dotless(r *record.Options, key string) string {
	if r.ReplaceDots == "" {
		return key
	}
	return strings.ReplaceAll(key, ".", r.ReplaceDots)
}

// logKeyCanExist reports whether a record can hold the log key after data_keys
// and replace_dots have been applied.
func logKeyCanExist(r *record.Options) bool {
	if len(r.DataKeys) == 0 {
		// A key with a dot is there only if the replacement has the dot.
		return r.ReplaceDots == "" || strings.Contains(r.ReplaceDots, ".") || !strings.Contains(r.LogKey, ".")
	}
	left := slices.Clone(r.DataKeys)
	for _, a := range addedKeys(r) {
		left = append(left, a.key)
	}
	return slices.ContainsFunc(left, func(key string) bool { return dotless(r, key) == r.LogKey })
}
