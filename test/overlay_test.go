package test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// overlaid is the flag of go build by which the compiler reads these texts in place
// of the files of these names, or beside them, so that the plugin needs no hooks for
// what tests change in it.
func overlaid(t *testing.T, texts map[string]string) (flag string) {
	t.Helper()
	dir := t.TempDir()
	replaced := map[string]string{}
	for file, text := range texts {
		path, err := filepath.Abs(file)
		require.NoError(t, err)
		replaced[path] = filepath.Join(dir, fmt.Sprintf("%d.go", len(replaced)))
		write(t, replaced[path], []byte(text))
	}
	list, err := json.Marshal(map[string]any{"Replace": replaced})
	require.NoError(t, err)
	write(t, filepath.Join(dir, "overlay.json"), list)
	return "-overlay=" + filepath.Join(dir, "overlay.json")
}
