package main

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
)

// keepServices is the SDK's table of endpoints without the services that are not listed. What it keeps it keeps as it
// is, byte for byte.
func keepServices(table []byte, list []string) ([]byte, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", table, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	offset := func(p token.Pos) int { return files.Position(p).Offset }
	var out []byte
	copied := 0 // of table
	found := map[string]bool{}
	for literal := range serviceTables(file) {
		for i, element := range literal.Elts {
			name := keyOf(element)
			if slices.Contains(list, name) {
				found[name] = true
				continue
			}
			end := literal.Rbrace
			if i+1 < len(literal.Elts) {
				end = literal.Elts[i+1].Pos()
			}
			out = append(out, table[copied:offset(element.Pos())]...)
			copied = offset(end)
		}
	}
	if len(found) != len(list) {
		return nil, errors.New("the table is not as it is expected to be: see cmd/trim")
	}
	return append(out, table[copied:]...), nil
}

// serviceTables are the lists of services in the file, one of each partition, in their order.
func serviceTables(file *ast.File) func(yield func(*ast.CompositeLit) bool) {
	return func(yield func(*ast.CompositeLit) bool) {
		on := true
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok {
				return on
			}
			if of, ok := literal.Type.(*ast.Ident); on && ok && of.Name == "services" {
				on = yield(literal)
				return false
			}
			return on
		})
	}
}

// keyOf is the key of a map's element, "" where that is not a plain text.
func keyOf(element ast.Expr) string {
	pair, ok := element.(*ast.KeyValueExpr)
	if !ok {
		return ""
	}
	key, ok := pair.Key.(*ast.BasicLit)
	if !ok {
		return ""
	}
	name, err := strconv.Unquote(key.Value)
	if err != nil {
		return ""
	}
	return name
}
