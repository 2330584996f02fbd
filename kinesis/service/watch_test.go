package service

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// home makes the shared files of the AWS tools in a folder of their own.
func home(t *testing.T, credentials, config string) (dir string) {
	dir = t.TempDir()
	for name, text := range map[string]string{"credentials": credentials, "config": config} {
		put(t, filepath.Join(dir, name), text)
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, "credentials"))
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "config"))
	for _, name := range []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"} {
		t.Setenv(name, "")
	}
	return dir
}

func put(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
}

func TestWatchSeesEveryFileThatCredentialsComeFrom(t *testing.T) {
	for _, name := range []string{"credentials", "config", "pod-token", "agent-token", "profile-token", "program", "its-keys"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			at := func(name string) string { return filepath.Join(dir, name) }
			for _, name := range []string{"pod-token", "agent-token", "profile-token", "program"} { // its-keys are to come
				put(t, at(name), "first")
			}
			own := home(t, "[default]\n", "[profile a]\nweb_identity_token_file="+at("profile-token")+"\n"+
				"[profile b]\n  credential_process = \""+at("program")+"\" --keys '"+at("its-keys")+"'\n")
			t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", at("pod-token"))
			t.Setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", at("agent-token"))
			w := newWatch()
			require.False(t, w.changed())
			changed := at(name)
			if name == "credentials" || name == "config" {
				changed = filepath.Join(own, name)
			}
			put(t, changed, "[second]\n")
			require.True(t, w.changed())
		})
	}
}

func TestWatchSeesWhatBecameOfAFile(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, file string){
		"longer":  func(t *testing.T, file string) { put(t, file, "[default]\n# more\n") },
		"removed": func(t *testing.T, file string) { require.NoError(t, os.Remove(file)) },
		"touched": func(t *testing.T, file string) {
			require.NoError(t, os.Chtimes(file, time.Time{}, time.Now().Add(-time.Hour)))
		},
		"replaced by one of the same size and time": func(t *testing.T, file string) {
			before, err := os.Stat(file)
			require.NoError(t, err)
			put(t, file+".new", "[another]\n")
			require.NoError(t, os.Chtimes(file+".new", time.Time{}, before.ModTime()))
			require.NoError(t, os.Rename(file+".new", file))
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(home(t, "[default]\n", ""), "credentials")
			w := newWatch()
			change(t, file)
			require.True(t, w.changed())
		})
	}
}

func TestWatchLooksOnceInAnInterval(t *testing.T) {
	file := filepath.Join(home(t, "", ""), "credentials")
	synctest.Test(t, func(t *testing.T) {
		w := newWatch()
		put(t, file, "[default]\n")
		require.False(t, w.due(), "nobody has looked yet")
		time.Sleep(watchInterval)
		require.True(t, w.due())
		require.False(t, w.due(), "somebody has looked")
		time.Sleep(watchInterval)
		require.True(t, w.due(), "and not read it")
	})
}

func TestAProcessThatWritesItsOwnFileIsNotRunForThat(t *testing.T) {
	dir := t.TempDir()
	cache := filepath.Join(dir, "cache")
	home(t, "", "[default]\ncredential_process = keys --cache "+cache+"\n")
	w := newWatch()
	put(t, cache, "keys")
	require.True(t, w.changed())
	w.settle()
	require.False(t, w.changed())
	put(t, cache, "other keys")
	require.True(t, w.changed())
}

func TestSettingsOfSharedFiles(t *testing.T) {
	var got []setting
	for s := range settingsOf("early = 1\n[default]\n# a = 1\n; b = 2\n\na=1\n  b = x = y \r\n[ profile logs ] # ours\nno setting\nc =\n[broken\nd = 4") {
		got = append(got, s)
	}
	require.Equal(t, []setting{
		{"", "early", "1"}, {"default", "a", "1"}, {"default", "b", "x = y"}, {"profile logs", "c", ""}, {"broken", "d", "4"},
	}, got)
}

func FuzzSettings(f *testing.F) {
	f.Add("[default]\na = b\n")
	f.Add("[profile x] ; \n[=\n]=[")
	f.Fuzz(func(t *testing.T, text string) {
		for s := range settingsOf(text) {
			require.NotContains(t, s.name, "\n")
			require.NotContains(t, s.value, "\n")
		}
		for range settingsOf(text) {
			break
		}
	})
}
