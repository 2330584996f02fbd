package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A message is a line of the log, with … where it has values.
type message struct {
	text  string
	level string // as the log has it; "" where it depends on what is said
	place string // in the code
}

// sources is what the code of the plugin says: the messages of its log, and all of its texts.
type sources struct {
	t        *testing.T
	files    *token.FileSet
	messages []message
	texts    map[string]bool
	levels   map[string]string // of the plugin's limited messages, by the name of their variable
}

// readSources reads the Go code that goes into the library, and the C code that speaks where Go cannot.
func readSources(t *testing.T) *sources {
	t.Helper()
	s := &sources{t: t, files: token.NewFileSet(), texts: map[string]bool{}, levels: map[string]string{}}
	var parsed []*ast.File
	for _, file := range goFiles(t) {
		f, err := parser.ParseFile(s.files, file, nil, 0)
		require.NoError(t, err)
		parsed = append(parsed, f)
	}
	for _, f := range parsed {
		ast.Inspect(f, s.findLevel)
	}
	for _, f := range parsed {
		ast.Inspect(f, s.find)
	}
	s.findAtFork()
	return s
}

func goFiles(t *testing.T) (files []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "*.go"))
	require.NoError(t, err)
	for _, room := range []string{"kinesis", "plugins"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, room), func(file string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(file, ".go") {
				files = append(files, file)
			}
			return err
		}))
	}
	return slices.DeleteFunc(files, func(file string) bool { return strings.HasSuffix(file, "_test.go") })
}

// levelOf are the calls that write to the log, and at what level. Those of Say and of a Limited's Warnf are at the level
// of what they are called on.
var levelOf = map[string]string{
	"Debugf": "debug", "Infof": "info", "Warnf": "warning", "Errorf": "error", "ErrorEach": "error",
	"Warn": "warning", "warn": "warning", "Say": "", "printf": "",
}

// kinds are the calls that make a message that is said once in a while.
var kinds = map[string]string{"Limited": "warning", "LimitedInfo": "info", "LimitedError": "error"}

// findLevel finds the levels of messages that are said once in a while, as in w.dropped = log.LimitedError(…).
func (s *sources) findLevel(n ast.Node) bool {
	assign, ok := n.(*ast.AssignStmt)
	if !ok || len(assign.Lhs) != 1 || len(assign.Rhs) != 1 {
		return true
	}
	call, isCall := assign.Rhs[0].(*ast.CallExpr)
	variable, isField := assign.Lhs[0].(*ast.SelectorExpr)
	if isCall && isField {
		if level, known := kinds[calledMethod(call)]; known {
			s.levels[variable.Sel.Name] = level
		}
	}
	return true
}

// calledMethod is the name of the method that a call is of, or "".
func calledMethod(call *ast.CallExpr) string {
	if method, ok := call.Fun.(*ast.SelectorExpr); ok {
		return method.Sel.Name
	}
	return ""
}

func (s *sources) find(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		if text, ok := literal(n); ok {
			s.texts[shown(text)] = true
		}
	case *ast.BasicLit:
		if text, ok := literal(n); ok {
			s.texts[shown(text)] = true
		}
	case *ast.ValueSpec:
		s.findAdvice(n)
	case *ast.CallExpr:
		s.findCall(n)
	}
	return true
}

// findAdvice finds what a person is told to do where credentials are not to be had: constants such as adviceHopLimit.
func (s *sources) findAdvice(n *ast.ValueSpec) {
	for i, name := range n.Names {
		if strings.HasPrefix(name.Name, "advice") && i < len(n.Values) {
			text, ok := literal(n.Values[i])
			require.True(s.t, ok, name.Name)
			s.add(message{text: text}, n)
		}
	}
}

func (s *sources) findCall(call *ast.CallExpr) {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	level, known := levelOf[method.Sel.Name]
	if pkg, ok := method.X.(*ast.Ident); !known || len(call.Args) == 0 || ok && pkg.Name == "fmt" {
		return
	}
	format := call.Args[0]
	if method.Sel.Name == "printf" {
		format = call.Args[1]
	}
	text, ok := literal(format)
	if !ok {
		require.True(s.t, isPassedOn(format), "%s: the text of a message has to stand where it is written", s.files.Position(call.Pos()))
		return
	}
	if method.Sel.Name == "ErrorEach" {
		text += "%v"
	}
	if on, ok := method.X.(*ast.SelectorExpr); ok && s.levels[on.Sel.Name] != "" {
		level = s.levels[on.Sel.Name]
	}
	s.add(message{text: text, level: level}, call)
}

// isPassedOn tells whether a text is the caller's own, or made of that.
func isPassedOn(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name == "format" || x.Name == "text"
	case *ast.CallExpr:
		return calledMethod(x) == "Sprintf" && isPassedOn(x.Args[0])
	}
	return false
}

// add adds a message, unless it is nothing but what others say.
func (s *sources) add(m message, at ast.Node) {
	m.text, m.place = shown(m.text), s.files.Position(at.Pos()).String()
	if strings.Trim(m.text, "…") == "" {
		return
	}
	if !slices.ContainsFunc(s.messages, func(other message) bool { return other.text == m.text && other.level == m.level }) {
		s.messages = append(s.messages, m)
	}
}

var (
	atFork  = regexp.MustCompile(`(?s)why\[\] = (.*?);`)
	cString = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
)

func (s *sources) findAtFork() {
	code, err := os.ReadFile(filepath.Join(root, "fork.c"))
	require.NoError(s.t, err)
	found := atFork.FindSubmatch(code)
	require.NotNil(s.t, found)
	var text string
	for _, part := range cString.FindAllSubmatch(found[1], -1) {
		text += string(part[1])
	}
	s.messages = append(s.messages, message{text: strings.TrimPrefix(text, "[kinesis] "), level: "error", place: "fork.c"})
}

// literal is the text of an expression that is made of string literals alone.
func literal(x ast.Expr) (text string, ok bool) {
	switch x := x.(type) {
	case *ast.BasicLit:
		if x.Kind != token.STRING {
			return "", false
		}
		text, err := strconv.Unquote(x.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		before, ok := literal(x.X)
		after, too := literal(x.Y)
		return before + after, ok && too && x.Op == token.ADD
	}
	return "", false
}

var verb = regexp.MustCompile(`%[-+# 0]*[0-9.*]*[a-zA-Z%]`)

// shown is the text of a message as a page has it: without what stands in further lines, and … for each value.
func shown(format string) string {
	format, _, _ = strings.Cut(format, "\n")
	return verb.ReplaceAllStringFunc(format, func(v string) string {
		if v == "%%" {
			return "%"
		}
		return "…"
	})
}

func (m message) String() string { return fmt.Sprintf("%s %q (%s)", m.level, m.text, m.place) }
