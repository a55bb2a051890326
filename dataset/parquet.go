package dataset

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	schema "github.com/parquet-go/parquet-go/format"
)

// readParquet reads the plain columns of a table as text. A column that facet reads and that is not plain is an error that names it.
func readParquet(t table, use func(row) error) (err error) {
	defer func() { // the library's decoders may panic on damaged files
		if p := recover(); p != nil {
			err = fmt.Errorf("damaged: %v", p)
		}
	}()
	file, err := openParquet(t)
	if err != nil {
		return err
	}
	leaves, err := parquetLeaves(file.Schema())
	if err != nil {
		return err
	}
	reader := parquet.NewReader(file)
	defer reader.Close()
	rows := make([]parquet.Row, 256)
	for n := 1; ; {
		count, err := reader.ReadRows(rows)
		for _, values := range rows[:count] {
			r, err := parquetRow(values, leaves)
			r.place = fmt.Sprintf("row %d", n)
			if err != nil {
				return fmt.Errorf("%s: %w", r.place, err)
			}
			if err := use(r); err != nil {
				return err
			}
			n++
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// openParquet opens a table after it has looked at what the library trusts: the length of the footer, for which it makes room before it reads, and
// LZ4, on whose damaged blocks it doubles its buffer for ever.
func openParquet(t table) (*parquet.File, error) {
	var tail [8]byte
	if t.size < int64(len(tail)) {
		return nil, fmt.Errorf("too short for a Parquet file: %d bytes", t.size)
	}
	if _, err := t.ReadAt(tail[:], t.size-int64(len(tail))); err != nil {
		return nil, err
	}
	if footer := int64(binary.LittleEndian.Uint32(tail[:4])); string(tail[4:]) != "PAR1" || footer > t.size-8 {
		return nil, errors.New("not a whole Parquet file: its last bytes are not the length of a footer and PAR1")
	}
	file, err := parquet.OpenFile(t, t.size)
	if err != nil {
		return nil, err
	}
	for _, group := range file.Metadata().RowGroups {
		for _, column := range group.Columns {
			if strings.HasPrefix(column.MetaData.Codec.String(), "LZ4") {
				return nil, errors.New("compression with LZ4 is unsupported: write the table with zstd, snappy or gzip")
			}
		}
	}
	return file, nil
}

// leaf is a column of plain values, and how one of them is written.
type leaf struct {
	name string
	text func(parquet.Value) (string, error)
}

// parquetLeaves are the plain columns by their index. One that facet does not read may be anything.
func parquetLeaves(columns *parquet.Schema) (map[int]leaf, error) {
	leaves := map[int]leaf{}
	for _, field := range columns.Fields() {
		name := field.Name()
		if !isColumn(name) {
			leaves[-1-len(leaves)] = leaf{name: name} // counted as ignored
			continue
		}
		if !field.Leaf() || field.Repeated() {
			return nil, fmt.Errorf("column %s holds lists or groups of values: expected one plain value a row", name)
		}
		column, ok := columns.Lookup(name)
		if !ok {
			return nil, fmt.Errorf("column %s: not found in the file's schema", name)
		}
		text, err := parquetText(field.Type())
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", name, err)
		}
		leaves[column.ColumnIndex] = leaf{name, text}
	}
	return leaves, nil
}

func parquetRow(values parquet.Row, leaves map[int]leaf) (row, error) {
	r := row{values: map[string]string{}}
	for at, l := range leaves {
		if at < 0 {
			r.values[l.name] = ""
		}
	}
	for _, v := range values {
		l, ok := leaves[v.Column()]
		if !ok || v.IsNull() {
			continue
		}
		text, err := l.text(v)
		if err != nil {
			return row{}, fmt.Errorf("%s: %w", l.name, err)
		}
		r.values[l.name] = text
	}
	return r, nil
}

var errValueType = errors.New("unsupported: expected texts, numbers, booleans, dates or times")

// parquetText gives the writer of a column's values: by its logical type, which says what the stored numbers and bytes mean, or without one by
// the physical type.
func parquetText(t parquet.Type) (func(parquet.Value) (string, error), error) {
	if c := t.ConvertedType(); c != nil && *c == deprecated.Interval {
		return nil, fmt.Errorf("intervals are %w", errValueType)
	}
	logical := t.LogicalType()
	if logical == nil || logical.Value == nil {
		return physicalText(t)
	}
	switch l := logical.Value.(type) {
	case *schema.StringType, *schema.EnumType, *schema.JsonType:
		return ofBytes(t, utf8Text)
	case *schema.UUIDType:
		return ofBytes(t, uuidText)
	case *schema.DecimalType:
		return decimalText(t, int(l.Scale))
	case *schema.DateType:
		return ofInts(t, func(days int64) string { return time.Unix(days*24*60*60, 0).UTC().Format(time.DateOnly) })
	case *schema.TimeType:
		return clockText(t, l)
	case *schema.TimestampType:
		return timestampText(t, l)
	case *schema.IntType:
		if !l.IsSigned {
			return ofInts(t, func(v int64) string { return unsignedText(v, t.Kind()) })
		}
		return physicalText(t)
	}
	return nil, fmt.Errorf("values of type %s are %w", logical, errValueType)
}

func physicalText(t parquet.Type) (func(parquet.Value) (string, error), error) {
	switch t.Kind() {
	case parquet.Boolean:
		return func(v parquet.Value) (string, error) { return strconv.FormatBool(v.Boolean()), nil }, nil
	case parquet.Int32, parquet.Int64:
		return ofInts(t, func(v int64) string { return strconv.FormatInt(v, 10) })
	case parquet.Float:
		return func(v parquet.Value) (string, error) { return floatText(float64(v.Float()), 32), nil }, nil
	case parquet.Double:
		return func(v parquet.Value) (string, error) { return floatText(v.Double(), 64), nil }, nil
	case parquet.Int96:
		return func(v parquet.Value) (string, error) { return int96Text(v.Int96()), nil }, nil
	}
	return ofBytes(t, utf8Text)
}

// ofInts writes the numbers of a column that must hold numbers.
func ofInts(t parquet.Type, text func(int64) string) (func(parquet.Value) (string, error), error) {
	switch t.Kind() {
	case parquet.Int32:
		return func(v parquet.Value) (string, error) { return text(int64(v.Int32())), nil }, nil
	case parquet.Int64:
		return func(v parquet.Value) (string, error) { return text(v.Int64()), nil }, nil
	}
	return nil, fmt.Errorf("%s stored as %s is %w", t, t.Kind(), errValueType)
}

// ofBytes writes the bytes of a column that must hold bytes.
func ofBytes(t parquet.Type, text func([]byte) (string, error)) (func(parquet.Value) (string, error), error) {
	if k := t.Kind(); k != parquet.ByteArray && k != parquet.FixedLenByteArray {
		return nil, fmt.Errorf("%s stored as %s is %w", t, k, errValueType)
	}
	return func(v parquet.Value) (string, error) { return text(v.ByteArray()) }, nil
}

func utf8Text(b []byte) (string, error) {
	if !utf8.Valid(b) || strings.ContainsRune(string(b), 0) {
		return "", fmt.Errorf("expected a text in UTF-8, found the bytes %.40x", b)
	}
	return string(b), nil
}

func uuidText(b []byte) (string, error) {
	if len(b) != 16 {
		return "", fmt.Errorf("a UUID of %d bytes, expected 16", len(b))
	}
	h := hex.EncodeToString(b)
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-"), nil
}

func unsignedText(v int64, kind parquet.Kind) string {
	if kind == parquet.Int32 {
		return strconv.FormatUint(uint64(uint32(v)), 10)
	}
	return strconv.FormatUint(uint64(v), 10)
}

// floatText writes a number as JSON does: the fewest digits that give it back, with an exponent where it is very large or small.
func floatText(v float64, bits int) string {
	if abs := max(v, -v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		return strconv.FormatFloat(v, 'g', -1, bits)
	}
	return strconv.FormatFloat(v, 'f', -1, bits)
}

// maxScale is the most digits behind the point: no decimal has more than 76 in all.
const maxScale = 76

func decimalText(t parquet.Type, scale int) (func(parquet.Value) (string, error), error) {
	if scale < 0 || scale > maxScale {
		return nil, fmt.Errorf("decimals with %d digits behind the point are %w", scale, errValueType)
	}
	if k := t.Kind(); k == parquet.Int32 || k == parquet.Int64 {
		return ofInts(t, func(v int64) string { return pointed(big.NewInt(v), scale) })
	}
	return ofBytes(t, func(b []byte) (string, error) {
		if len(b) > 1<<10 {
			return "", fmt.Errorf("a decimal of %d bytes", len(b))
		}
		v := new(big.Int).SetBytes(b) // big-endian, two's complement
		if len(b) > 0 && b[0] >= 0x80 {
			v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		return pointed(v, scale), nil
	})
}

// pointed is v / 10^scale with all its digits: 1250 and 2 give 12.50.
func pointed(v *big.Int, scale int) string {
	digits := new(big.Int).Abs(v).String()
	if missing := scale + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	if scale > 0 {
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	if v.Sign() < 0 {
		return "-" + digits
	}
	return digits
}

func clockText(t parquet.Type, l *schema.TimeType) (func(parquet.Value) (string, error), error) {
	if l.Unit.Value == nil {
		return nil, fmt.Errorf("times of day without a unit are %w", errValueType)
	}
	per := int64(time.Second / l.Unit.Value.Duration())
	return ofInts(t, func(v int64) string { return moment(v, per).Format("15:04:05.999999999") })
}

// timestampText writes moments in RFC 3339, and those of no zone without one.
func timestampText(t parquet.Type, l *schema.TimestampType) (func(parquet.Value) (string, error), error) {
	if l.Unit.Value == nil {
		return nil, fmt.Errorf("timestamps without a unit are %w", errValueType)
	}
	layout := "2006-01-02T15:04:05.999999999"
	if l.IsAdjustedToUTC {
		layout = time.RFC3339Nano
	}
	per := int64(time.Second / l.Unit.Value.Duration())
	return ofInts(t, func(v int64) string { return moment(v, per).Format(layout) })
}

// moment is v units after the beginning of 1970, of which a second has so many.
func moment(v, perSecond int64) time.Time {
	return time.Unix(v/perSecond, v%perSecond*(int64(time.Second)/perSecond)).UTC()
}

// julian1970 is the Julian day of 1970-01-01.
const julian1970 = 2_440_588

// int96Text reads the timestamps of old writers: the nanosecond of a Julian day in eight bytes, and the day in four.
func int96Text(v deprecated.Int96) string {
	nanoseconds := int64(uint64(v[1])<<32 | uint64(v[0]))
	day := int64(int32(v[2])) - julian1970
	return time.Unix(day*24*60*60, nanoseconds).UTC().Format(time.RFC3339Nano)
}
