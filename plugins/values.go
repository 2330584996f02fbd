package plugins

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// parsed is a variable of any type, with how its texts are read.
type parsed[T any] struct {
	variable *T
	parse    func(text string) (T, error)
}

// Parsed is a Value with a parser of the caller's, whose error says what would
// be valid. With a [Bent] it returns the value that is near.
func Parsed[T any](variable *T, parse func(text string) (T, error)) Value {
	return parsed[T]{variable, parse}
}

func (v parsed[T]) Set(text string) error {
	value, err := v.parse(text)
	var bent *Bent
	if err == nil || errors.As(err, &bent) {
		*v.variable = value
	}
	return err
}

func (v parsed[T]) String() string {
	switch value := any(*v.variable).(type) {
	case []string:
		return strings.Join(value, ", ")
	case time.Duration:
		return value.String()
	}
	return fmt.Sprint(*v.variable)
}

// Word is any text.
func Word(variable *string) Value {
	return Parsed(variable, func(text string) (string, error) { return text, nil })
}

// textValue is the Value of Text.
type textValue struct{ variable *string }

// Text is any text, with the blanks around it. Blanks alone are a value.
func Text(variable *string) Value { return textValue{variable} }

func (v textValue) Set(text string) error {
	*v.variable = text
	return nil
}

func (v textValue) String() string {
	if strings.TrimSpace(*v.variable) != *v.variable {
		return strconv.Quote(*v.variable)
	}
	return *v.variable
}

// Bool is true or false, on or off, yes or no, 1 or 0, in any case. Any other
// word is bent to false.
func Bool(variable *bool) Value {
	return Parsed(variable, func(text string) (bool, error) {
		switch strings.ToLower(text) {
		case "true", "on", "yes", "1":
			return true, nil
		case "false", "off", "no", "0":
			return false, nil
		}
		return false, &Bent{Rule: "must be true or false (or on, off, yes, no, 1, 0)"}
	})
}

// bounded brings a number to the nearest bound. One that is negative where none
// may be is not near to anything.
func bounded(n, min, max int, rule string) (int, error) {
	switch {
	case n < 0 && min >= 0:
		return n, errors.New(rule)
	case n < min:
		return min, &Bent{Rule: rule}
	case n > max:
		return max, &Bent{Rule: rule}
	}
	return n, nil
}

// Int is a whole decimal number from min to max.
func Int(variable *int, min, max int) Value {
	return Parsed(variable, func(text string) (int, error) {
		rule := "must be a whole number " + fromTo(min, max, strconv.Itoa)
		n, err := strconv.Atoi(text)
		if err != nil {
			return 0, errors.New(rule)
		}
		return bounded(n, min, max, rule)
	})
}

// Size is a number of bytes from min to max in the notation of ParseSize.
func Size(variable *int, min, max int) Value {
	return Parsed(variable, func(text string) (int, error) {
		rule := fmt.Sprintf("must be a size %s, %s", fromTo(min, max, FormatSize), sizeNotation)
		n, err := ParseSize(text)
		if err != nil {
			return 0, errors.New(rule)
		}
		return bounded(n, min, max, rule)
	})
}

// Duration is a duration in Go's notation. A negative one is bent to none.
func Duration(variable *time.Duration) Value {
	return Parsed(variable, func(text string) (time.Duration, error) {
		const rule = `must be a duration that is not negative, such as "30s", "5m30s" or "1h"`
		d, err := time.ParseDuration(text)
		if err != nil {
			return 0, errors.New(rule)
		}
		if d < 0 {
			return 0, &Bent{Rule: rule}
		}
		return d, nil
	})
}

// secondsPerDay is the longest time that makes sense to wait for one thing.
const secondsPerDay = 24 * 60 * 60

// Seconds is a whole number of seconds, from none to a day.
func Seconds(variable *time.Duration) Value {
	return Parsed(variable, func(text string) (time.Duration, error) {
		rule := "must be a whole number of seconds " + fromTo(0, secondsPerDay, strconv.Itoa) + ", without a unit"
		n, err := strconv.Atoi(text)
		if err != nil {
			return 0, errors.New(rule)
		}
		n, err = bounded(n, 0, secondsPerDay, rule)
		return time.Duration(n) * time.Second, err
	})
}

// Choice is one of the valid texts, in any case, and as it stands in valid.
func Choice(variable *string, valid ...string) Value {
	return Parsed(variable, func(text string) (string, error) {
		for _, v := range valid {
			if strings.EqualFold(text, v) {
				return v, nil
			}
		}
		return "", errors.New("must be one of " + strings.Join(valid, ", "))
	})
}

// List is texts separated by commas, without the blanks around them and without
// empty ones. Commas alone are bent to no list.
func List(variable *[]string) Value {
	return Parsed(variable, func(text string) (items []string, err error) {
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, item)
			}
		}
		if items == nil {
			return nil, &Bent{Rule: "must be names separated by commas, but there is no name", Used: "it is as if it were not set"}
		}
		return items, nil
	})
}

// fromTo says a range of numbers in words.
func fromTo(min, max int, format func(int) string) string {
	return "from " + format(min) + " to " + format(max)
}
