package test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

func TestValuesOfOptionsStartAsTheyAlwaysHave(t *testing.T) {
	var cases []optionCase
	var sections []options
	s := runStream(t, kinesistest.Options{Streams: map[string]int{streamName: 4, "tag": 1}}) // and what $TAG comes to
	for _, x := range optionCases {
		if x.outcome != refused {
			cases = append(cases, x)
			sections = append(sections, x.section(s))
		}
	}
	h := runHost(t, s, flbhost.Config{}, sections...)
	log := logOf(h)
	for i, x := range cases {
		t.Run(x.name(), func(t *testing.T) {
			instance := "[kinesis " + decimal(i) + "] "
			remarks := log.with("warning", instance).without("has no effect without", "attempts are lost")
			if x.outcome == started {
				require.Empty(t, remarks.texts("warning"))
			} else {
				require.NotEmpty(t, remarks.with("warning", x.says), "a warning that says %s, among:\n%s", x.says, strings.Join(remarks.texts("warning"), "\n"))
			}
			if x.effect != "" {
				requireLine(t, log, "info", instance+x.effect)
			}
			require.NotContains(t, strings.Join(remarks.texts("warning"), "\n"), "secret")
			result, err := h.Flush(i, "tag", one(when, F("log", "x"), F("a", "b")).Bytes())
			require.NoError(t, err)
			require.Equal(t, flbhost.OK, result.Code, "records get through")
		})
	}
}

func TestBesideAnEndpointAStreamMayHaveAnyName(t *testing.T) {
	names := []string{"my logs", "logs/a", "ü", strings.Repeat("s", 129)}
	var sections []options
	for _, name := range names {
		sections = append(sections, options{"stream": name})
	}
	log := logOf(setStage(t, kinesistest.Options{}, flbhost.Config{}, sections...).host)
	for i, name := range names {
		instance := "[kinesis " + decimal(i) + "] "
		requireLine(t, log, "warning", instance+"stream = ", "must be 1 to 128 of the characters", "it is used as it is")
		requireLine(t, log, "info", instance+"stream = "+name)
	}
}

func TestBesideAnEndpointWhatIsNoTemplateIsAName(t *testing.T) {
	log := logOf(setStage(t, kinesistest.Options{}, flbhost.Config{}, options{"stream": "my logs $TAG"}).host)
	requireLine(t, log, "warning", "stream = ", "must have no text but a-z", "it is used as it is")
	requireLine(t, log, "info", "stream = my logs $TAG")
}

func TestAnOptionThatCannotWorkStopsTheStart(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	for _, x := range optionCases {
		if x.outcome != refused {
			continue
		}
		t.Run(x.name(), func(t *testing.T) {
			mistakes := refusedStart(t, s, flbhost.Config{}, x.section(s)).texts("error")
			require.Len(t, mistakes, 1)
			require.Contains(t, mistakes[0], "[kinesis 0] cannot start: "+x.option+" = ")
			require.Contains(t, mistakes[0], x.says)
			require.NotContains(t, mistakes[0], "secret", "the user and password of an address are not logged")
		})
	}
}

func TestAnEnvironmentVariableThatCannotBeReadStopsTheStart(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	for _, x := range []struct{ name, value, valid string }{
		{"SEND_FAILURE_TIMEOUT", "30", "must be a duration"},
		{"SEND_FAILURE_TIMEOUT", "soon", "must be a duration"},
		{"EKS_POD_EXECUTION_ROLE", "my-role", "must be the ARN of a role"},
		{"AWS_ENDPOINT_URL_STS", "ftp://host", "must be an address such as"},
	} {
		t.Run(x.name+" "+x.value, func(t *testing.T) {
			mistakes := refusedStart(t, s, flbhost.Config{Env: []string{x.name + "=" + x.value}}).texts("error")
			require.Len(t, mistakes, 1)
			require.Contains(t, mistakes[0], "[kinesis 0] cannot start: "+x.name+` = "`+x.value+`"`)
			require.Contains(t, mistakes[0], x.valid)
		})
	}
}

func TestAnOptionThatMustBeSetStopsTheStartWhereItIsNot(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	for _, option := range []string{"region", "stream"} {
		for _, value := range []string{"", "  "} {
			t.Run(option+" "+value, func(t *testing.T) {
				mistakes := refusedStart(t, s, flbhost.Config{}, options{option: value}).texts("error")
				require.Len(t, mistakes, 1)
				require.Contains(t, mistakes[0], option+" is not set")
			})
		}
	}
}

func TestAllMistakesAreSaidInOneStart(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	section := options{}
	for _, x := range optionCases {
		if x.outcome == refused && x.with == nil {
			section[x.option] = x.value
		}
	}
	section["endpoint"] = "" // beside one, more is taken
	delete(section, "sts_endpoint")
	section["compression"], section["compression_level"] = "gzip", "10"
	config := flbhost.Config{Env: []string{"SEND_FAILURE_TIMEOUT=soon", "EKS_POD_EXECUTION_ROLE=x"}}
	mistakes := refusedStart(t, s, config, section).texts("error")

	expected := []string{"SEND_FAILURE_TIMEOUT", "EKS_POD_EXECUTION_ROLE"}
	for option := range section {
		if option != "compression" && option != "endpoint" {
			expected = append(expected, option)
		}
	}
	for _, option := range expected {
		named := 0
		for _, mistake := range mistakes {
			if strings.Contains(mistake, "cannot start: "+option+" = ") {
				named++
			}
		}
		require.Equal(t, 1, named, "lines that name %s in:\n%s", option, strings.Join(mistakes, "\n"))
	}
	require.Len(t, mistakes, len(expected), "a line for each mistake")
}

func TestARefusedInstanceStopsTheStartOfThoseBeforeIt(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	log := refusedStart(t, s, flbhost.Config{}, options{}, options{"compression": "lz4"})
	require.Len(t, log.texts("error"), 1)
	requireLine(t, log, "error", `[kinesis 1] cannot start: compression = "lz4"`)
	requireLine(t, log, "info", "[kinesis 0] at exit: ")
}

func TestBooleansAreReadInEveryWayThatPeopleWriteThem(t *testing.T) {
	values := map[string]string{"": "false"}
	for _, yes := range []string{"true", "True", "TRUE", "on", "On", "yes", "YES", "1", " true "} {
		values[yes] = "true"
	}
	for _, no := range []string{"false", "False", "off", "OFF", "no", "No", "0"} {
		values[no] = "false"
	}
	var sections []options
	var want []string
	for value, effective := range values {
		sections = append(sections, options{"append_newline": value})
		want = append(want, "append_newline = "+effective)
	}
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, sections...)
	log := logOf(s.host)
	for i := range sections {
		requireLine(t, log, "info", "[kinesis "+decimal(i)+"] "+want[i])
	}
}
