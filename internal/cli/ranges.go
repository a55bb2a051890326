package cli

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// numeric is what a flag can count or measure.
type numeric interface {
	int | int64 | uint64 | float64 | time.Duration
}

// span is the range of numbers that a flag takes. Every numeric flag has one, and [TestNumericFlags] fails for a flag without.
type span[T numeric] struct {
	least, most  T
	above, below bool // least, or most, is itself left out
}

// mostCount is the most of anything that a flag counts: products of two such numbers fit an int.
const mostCount = math.MaxInt32

// The spans that several verbs share.
var (
	some       = span[int]{least: 1, most: mostCount}
	someOrNone = span[int]{least: 0, most: mostCount}
	level      = span[float64]{least: 0, most: 1, above: true, below: true} // of false discoveries, or of false alarms
	seeds      = span[uint64]{least: 0, most: math.MaxUint64}
)

func (s span[T]) contains(v T) bool {
	return v >= s.least && v <= s.most && !(s.above && v == s.least) && !(s.below && v == s.most) // false of NaN
}

// String says what numbers are expected.
func (s span[T]) String() string {
	what := "a whole number"
	switch any(s.least).(type) {
	case float64:
		what = "a number"
	case time.Duration:
		what = "a time such as 10s,"
	}
	if !s.above && !s.below {
		return fmt.Sprintf("%s from %v to %v", what, s.least, s.most)
	}
	from, to := "from", "to"
	if s.above {
		from = "above"
	}
	if s.below {
		to = "below"
	} else {
		to = "up to"
	}
	return fmt.Sprintf("%s %s %v and %s %v", what, from, s.least, to, s.most)
}

// parse reads a number of the span. Whole numbers are decimal: 010 is ten.
func (s span[T]) parse(text string) (T, error) {
	var v T
	var err error
	switch p := any(&v).(type) {
	case *int:
		*p, err = strconv.Atoi(text)
	case *int64:
		*p, err = strconv.ParseInt(text, 10, 64)
	case *uint64:
		*p, err = strconv.ParseUint(text, 10, 64)
	case *float64:
		*p, err = strconv.ParseFloat(text, 64)
	case *time.Duration:
		*p, err = time.ParseDuration(text)
	}
	if err != nil || !s.contains(v) {
		return v, spanError{s.String()}
	}
	return v, nil
}

// spanError says what a flag expects.
type spanError struct{ expected string }

func (e spanError) Error() string { return "expected " + e.expected }

// number is a flag of one number.
type numberFlag[T numeric] struct {
	at   *T
	span span[T]
}

// numberVar adds a flag of one number of a span. A default outside the span stands for "not given": help does not show it, and nobody can ask for it.
func numberVar[T numeric](f *pflag.FlagSet, at *T, name string, value T, s span[T], usage string) {
	numberVarP(f, at, name, "", value, s, usage)
}

// numberVarP is numberVar with a short name besides.
func numberVarP[T numeric](f *pflag.FlagSet, at *T, name, short string, value T, s span[T], usage string) {
	*at = value
	flag := f.VarPF(numberFlag[T]{at, s}, name, short, usage)
	if !s.contains(value) {
		flag.DefValue = ""
	}
}

func (n numberFlag[T]) Set(text string) (err error) {
	v, err := n.span.parse(text)
	if err == nil {
		*n.at = v
	}
	return err
}

func (n numberFlag[T]) String() string {
	if n.at == nil { // pflag asks a zero value
		return ""
	}
	return fmt.Sprint(*n.at)
}

func (n numberFlag[T]) Type() string { return typeName(n.span.least) }

func (n numberFlag[T]) expected() string { return n.span.String() }

// numbersFlag is a flag of a list of numbers, with commas. Given twice, it adds to the list.
type numbersFlag[T numeric] struct {
	at    *[]T
	span  span[T]
	given bool
}

// numbersVar adds a flag of a list of numbers, each of a span.
func numbersVar[T numeric](f *pflag.FlagSet, at *[]T, name string, value []T, s span[T], usage string) {
	*at = value
	f.Var(&numbersFlag[T]{at: at, span: s}, name, usage)
}

func (n *numbersFlag[T]) Set(text string) error {
	var list []T
	for part := range strings.SplitSeq(text, ",") {
		v, err := n.span.parse(strings.TrimSpace(part))
		if err != nil {
			return spanError{n.expected()}
		}
		list = append(list, v)
	}
	if n.given {
		list = append(*n.at, list...)
	}
	*n.at, n.given = list, true
	return nil
}

func (n *numbersFlag[T]) String() string {
	if n.at == nil {
		return ""
	}
	return strings.ReplaceAll(fmt.Sprint(*n.at), " ", ",")
}

func (n *numbersFlag[T]) Type() string { return typeName(n.span.least) + "s" }

func (n *numbersFlag[T]) expected() string { return "a list with commas, each " + n.span.String() }

// typeName is how help names a kind of number.
func typeName[T numeric](v T) string {
	switch any(v).(type) {
	case float64:
		return "float"
	case uint64:
		return "uint"
	case time.Duration:
		return "duration"
	}
	return "int"
}

// outOfRange makes a usage error, which tells the range, of a number out of range; nil of other errors.
func outOfRange(err error) error {
	var invalid *pflag.InvalidValueError
	var out spanError
	if errors.As(err, &invalid) && errors.As(err, &out) {
		return usagef("--%s %s: %w", invalid.GetFlag().Name, invalid.GetValue(), out)
	}
	return nil
}
