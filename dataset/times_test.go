package dataset

import (
	"strings"
	"testing"
	"time"
)

func TestTimes(t *testing.T) {
	for _, c := range []struct {
		format    TimeFormat
		text, out string // out in RFC 3339, with the offset that was written
	}{
		{"", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"},
		{"", "2026-01-02 03:04:05+02:00", "2026-01-02T03:04:05+02:00"},
		{"", "2026-01-02T03:04:05.123456789-11:30", "2026-01-02T03:04:05.123456789-11:30"},
		{"", "2026-01-02 03:04:05.25+02", "2026-01-02T03:04:05.25+02:00"},
		{"", "2026-01-02 03:04:05 +0200", "2026-01-02T03:04:05+02:00"},
		{"", "2026-01-02 03:04:05 UTC", "2026-01-02T03:04:05Z"},
		{"rfc3339", "2026-01-02 03:04", "2026-01-02T03:04:00Z"},
		{"", " 2026-01-02 ", "2026-01-02T00:00:00Z"},
		{"", "2026-01", "2026-01-01T00:00:00Z"},
		{"", "2026", "2026-01-01T00:00:00Z"},
		{"unix", "1767323045", "2026-01-02T03:04:05Z"},
		{"unix", "1767323045.5", "2026-01-02T03:04:05.5Z"},
		{"unix", "1.767323045e9", "2026-01-02T03:04:05Z"},
		{"unix", "-1.25", "1969-12-31T23:59:58.75Z"},
		{"unix", "0", "1970-01-01T00:00:00Z"},
		{"unix-ms", "1767323045123", "2026-01-02T03:04:05.123Z"},
		{"unix-ms", "-1", "1969-12-31T23:59:59.999Z"},
		{"%d.%m.%Y %H:%M", "02.01.2026 03:04", "2026-01-02T03:04:00Z"},
		{"%Y-%m-%dT%H:%M:%S%z", "2026-01-02T03:04:05+0200", "2026-01-02T03:04:05+02:00"},
		{"%d %b %Y", "02 Jan 2026", "2026-01-02T00:00:00Z"},
	} {
		got, err := c.format.Parse(c.text)
		if err != nil || got.Format(time.RFC3339Nano) != c.out {
			t.Errorf("%s %q: got %s, %v, want %s", c.format, c.text, got.Format(time.RFC3339Nano), err, c.out)
		}
	}
	for _, c := range []struct {
		format     TimeFormat
		text, want string
	}{
		{"", "1767323045", "expected RFC 3339"},
		{"", "2026-02-30", "expected RFC 3339"},
		{"", "01:02:03", "expected RFC 3339"},
		{"unix", "yesterday", "expected seconds since 1970"},
		{"unix", "1e400", "expected seconds"},
		{"unix", "1767323045123", "expected seconds since 1970, in the years 0 to 9999"},
		{"unix", "Inf", "expected seconds"},
		{"unix", "0x10", ""},
		{"unix-ms", "", "expected milliseconds"},
		{"%d.%m.%Y", "2026-01-02", "expected the form %d.%m.%Y"},
		{"", strings.Repeat("9", 60_000), "expected RFC 3339"},
	} {
		_, err := c.format.Parse(c.text)
		if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 300) {
			t.Errorf("%s %.40q: got %v, want %q", c.format, c.text, err, c.want)
		}
	}
	for _, bad := range []TimeFormat{"iso", "unix-us", "%Q", "dd.mm.yyyy"} {
		if bad.Check() == nil {
			t.Errorf("%s is taken for a format", bad)
		}
	}
}

// TestManifestTimes: the format holds for every kind of manifest, and another format makes another fingerprint.
func TestManifestTimes(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{"m.csv": "path,time\na.png,1767323045\n", "m.jsonl": `{"path":"a.png","time":1767323045}` + "\n"}
	for name, text := range files {
		write(t, dir+"/"+name, []byte(text))
		s := open1(t, dir+"/"+name, Options{Times: Unix})
		for item, err := range s.Items(t.Context(), 0) {
			if err != nil || !item.Time.Equal(time.Unix(1767323045, 0)) {
				t.Errorf("%s: %s, %v", name, item.Time, err)
			}
		}
		if ms := open1(t, dir+"/"+name, Options{Times: UnixMilli}); ms.Fingerprint() == s.Fingerprint() {
			t.Errorf("%s: other times, the same fingerprint", name)
		}
	}
	if _, err := Open(dir+"/m.csv", Options{Times: "iso"}); err == nil || !strings.Contains(err.Error(), "rfc3339, unix, unix-ms") {
		t.Errorf("got %v", err)
	}
}

func FuzzTimes(f *testing.F) {
	for _, format := range []string{"", "unix", "unix-ms", "%d.%m.%Y %H:%M"} {
		f.Add(format, "2026-01-02 03:04:05+02:00")
		f.Add(format, "1767323045.5")
	}
	f.Fuzz(func(t *testing.T, format, text string) {
		got, err := TimeFormat(format).Parse(text)
		if err == nil && TimeFormat(format).Check() != nil {
			t.Errorf("read %s by a format that is none", got)
		}
	})
}
