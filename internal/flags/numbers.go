package flags

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// Countable is what a flag can count or measure.
type Countable interface {
	int | int64 | uint64 | float64 | time.Duration
}

// Span is the range of numbers that a flag takes.
type Span[T Countable] struct {
	Least, Most  T
	Above, Below bool // Least, or Most, is itself left out
}

// MostCount is the most of anything that a flag counts: products of two such numbers fit an int.
const MostCount = math.MaxInt32

// The spans that several verbs share.
var (
	Some       = Span[int]{Least: 1, Most: MostCount}
	SomeOrNone = Span[int]{Least: 0, Most: MostCount}
	Level      = Span[float64]{Least: 0, Most: 1, Above: true, Below: true} // of false discoveries, or of false alarms
	Seeds      = Span[uint64]{Least: 0, Most: math.MaxUint64}
)

// Contains tells whether a number is of the span; false of NaN.
func (s Span[T]) Contains(v T) bool {
	return v >= s.Least && v <= s.Most && !(s.Above && v == s.Least) && !(s.Below && v == s.Most)
}

// String says what numbers are expected.
func (s Span[T]) String() string {
	what := "a whole number"
	switch any(s.Least).(type) {
	case float64:
		what = "a number"
	case time.Duration:
		what = "a time such as 10s,"
	}
	if !s.Above && !s.Below {
		return fmt.Sprintf("%s from %v to %v", what, s.Least, s.Most)
	}
	from, to := "from", "to"
	if s.Above {
		from = "above"
	}
	if s.Below {
		to = "below"
	} else {
		to = "up to"
	}
	return fmt.Sprintf("%s %s %v and %s %v", what, from, s.Least, to, s.Most)
}

// Parse reads a number of the span. Whole numbers are decimal: 010 is ten.
func (s Span[T]) Parse(text string) (T, error) {
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
	if err != nil || !s.Contains(v) {
		return v, spanError{s.String()}
	}
	return v, nil
}

// spanError says what a flag expects.
type spanError struct{ expected string }

func (e spanError) Error() string { return "expected " + e.expected }

// one is a flag of one number.
type one[T Countable] struct {
	at   *T
	span Span[T]
}

// Number adds a flag of one number of a span. A default outside the span stands for "not given": help does not show it, and nobody can ask for it.
func Number[T Countable](f *pflag.FlagSet, at *T, name string, value T, s Span[T], usage string) {
	NumberP(f, at, name, "", value, s, usage)
}

// NumberP is Number with a short name besides.
func NumberP[T Countable](f *pflag.FlagSet, at *T, name, short string, value T, s Span[T], usage string) {
	*at = value
	flag := f.VarPF(one[T]{at, s}, name, short, usage)
	if !s.Contains(value) {
		flag.DefValue = ""
	}
}

func (n one[T]) Set(text string) (err error) {
	v, err := n.span.Parse(n.span.unshared(text))
	if err == nil {
		*n.at = v
	}
	return err
}

// unshared writes a percentage, such as 80 %, as the number that it is where a span is of shares, from 0 to 1. Any other text stays as it is.
func (s Span[T]) unshared(text string) string {
	percent, is := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(percent), 64)
	if !is || err != nil || any(s.Least) != any(0.0) || any(s.Most) != any(1.0) {
		return text
	}
	return strconv.FormatFloat(v/100, 'g', -1, 64)
}

func (n one[T]) String() string {
	if n.at == nil { // pflag asks a zero value
		return ""
	}
	return fmt.Sprint(*n.at)
}

func (n one[T]) Type() string { return typeName(n.span.Least) }

// Expected says what the flag takes.
func (n one[T]) Expected() string { return n.span.String() }

// Value is the number that the flag holds.
func (n one[T]) Value() any { return *n.at }

// many is a flag of a list of numbers, with commas. Given twice, it adds to the list.
type many[T Countable] struct {
	at    *[]T
	span  Span[T]
	given bool
}

// Numbers adds a flag of a list of numbers with commas, each of a span. A flag that is given twice adds to the list.
func Numbers[T Countable](f *pflag.FlagSet, at *[]T, name string, value []T, s Span[T], usage string) {
	*at = value
	f.Var(&many[T]{at: at, span: s}, name, usage)
}

func (n *many[T]) Set(text string) error {
	var list []T
	for part := range strings.SplitSeq(text, ",") {
		v, err := n.span.Parse(strings.TrimSpace(part))
		if err != nil {
			return spanError{n.Expected()}
		}
		list = append(list, v)
	}
	if n.given {
		list = append(*n.at, list...)
	}
	*n.at, n.given = list, true
	return nil
}

func (n *many[T]) String() string {
	if n.at == nil {
		return ""
	}
	return strings.ReplaceAll(fmt.Sprint(*n.at), " ", ",")
}

func (n *many[T]) Type() string { return typeName(n.span.Least) + "s" }

// Expected says what the flag takes.
func (n *many[T]) Expected() string { return "a list with commas, each " + n.span.String() }

// Value is the list that the flag holds.
func (n *many[T]) Value() any { return *n.at }

// typeName is how help names a kind of number.
func typeName[T Countable](v T) string {
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

// OutOfRange makes a mistake of usage, which tells the range, of an error about a number out of range; nil of other errors.
func OutOfRange(err error) error {
	var invalid *pflag.InvalidValueError
	var out spanError
	if errors.As(err, &invalid) && errors.As(err, &out) {
		return Mistakef("--%s %s: %w", invalid.GetFlag().Name, invalid.GetValue(), out)
	}
	return nil
}
