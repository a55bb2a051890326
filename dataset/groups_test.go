package dataset

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// writeGrouped leaves files below a folder.
func writeGrouped(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// listing are the file, label and group of every item.
func listing(t *testing.T, source string) (lines []string) {
	t.Helper()
	s, err := Open(source, Options{})
	if err != nil {
		t.Fatal(err)
	}
	root, err := s.Root()
	if err != nil {
		t.Fatal(err)
	}
	for item, err := range s.Items(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		rel, err := filepath.Rel(root, item.Path)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.Join([]string{filepath.ToSlash(rel), item.Label, item.Group}, "|"))
	}
	return lines
}

const waterbirdsList = "img_id,img_filename,y,split,place,place_filename\n" +
	"1,001.Black_footed_Albatross/a.jpg,1,2,0,/f/forest/1.jpg\n" +
	"2,001.Black_footed_Albatross/b.jpg,1,0,1,/o/ocean/2.jpg\n" +
	"3,017.Cardinal/c.jpg,0,2,1,/l/lake/3.jpg\n"

func TestWaterbirds(t *testing.T) {
	dir := writeGrouped(t, map[string]string{"waterbird_complete95_forest2water2/metadata.csv": waterbirdsList})
	test := []string{"001.Black_footed_Albatross/a.jpg|waterbird|land", "017.Cardinal/c.jpg|landbird|water"}
	if diff := cmp.Diff(test, listing(t, "waterbirds:"+dir+"?split=test")); diff != "" {
		t.Error(diff)
	}
	if n := len(listing(t, "waterbirds:"+filepath.Join(dir, "waterbird_complete95_forest2water2"))); n != 3 {
		t.Errorf("%d pictures without a split, expected 3", n)
	}
}

// TestCelebA: the list as published, with a count and spaces, and as a table give the same.
func TestCelebA(t *testing.T) {
	const txt = "3\n5_o_Clock_Shadow Blond_Hair Male \n000001.jpg -1  1 -1\n000002.jpg  1 -1  1\n000003.jpg -1 -1 -1\n"
	const csv = "image_id,5_o_Clock_Shadow,Blond_Hair,Male\n000001.jpg,-1,1,-1\n000002.jpg,1,-1,1\n000003.jpg,-1,-1,-1\n"
	published := writeGrouped(t, map[string]string{"Anno/list_attr_celeba.txt": txt, "Eval/list_eval_partition.txt": "000001.jpg 2\n000002.jpg 2\n000003.jpg 0\n", "Img/img_align_celeba/000001.jpg": ""})
	table := writeGrouped(t, map[string]string{"list_attr_celeba.csv": csv, "list_eval_partition.csv": "image_id,partition\n000001.jpg,2\n000002.jpg,2\n000003.jpg,0\n", "img_align_celeba/img_align_celeba/000001.jpg": ""})
	for _, dir := range []string{published, table} {
		if diff := cmp.Diff([]string{"000001.jpg|blond hair|female", "000002.jpg|dark hair|male"}, listing(t, "celeba:"+dir+"?split=test")); diff != "" {
			t.Error(diff)
		}
		other := listing(t, "celeba:"+dir+"?split=train&label=5_o_Clock_Shadow&group=Blond_Hair")
		if diff := cmp.Diff([]string{"000003.jpg|no 5 o clock shadow|dark hair"}, other); diff != "" {
			t.Error(diff)
		}
	}
}

func TestGroupedMistakes(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"waterbirds:DIR":             {},
		"waterbirds:DIR?split=night": {"metadata.csv": waterbirdsList},
		"waterbirds:DIR?label=x":     {"metadata.csv": waterbirdsList},
		"waterbirds:DIR?split=val":   {"metadata.csv": waterbirdsList}, // none of it
		"waterbirds:DIR?":            {"metadata.csv": "img_filename,y,split\n"},
		"waterbirds:DIR?split=":      {"metadata.csv": strings.Replace(waterbirdsList, "017.Cardinal", "../..", 1)},
		"celeba:DIR":                 {"list_attr_celeba.csv": "image_id,Male\na.jpg,1\n"},
		"celeba:DIR?label=Male":      {"list_attr_celeba.csv": "image_id,Male\na.jpg,2\n", "list_eval_partition.csv": "image_id,partition\na.jpg,0\n", "img_align_celeba/a.jpg": ""},
		"celeba:DIR?group=Blond":     {"list_attr_celeba.txt": "1\nMale Blond_Hair\na.jpg 1 1\n", "list_eval_partition.txt": "a.jpg 0\n", "img_align_celeba/a.jpg": ""},
	} {
		dir := writeGrouped(t, files)
		_, err := Open(strings.Replace(name, "DIR", dir, 1), Options{})
		if err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// FuzzGrouped: whatever a list holds, no picture of Waterbirds lies outside of its folder, and every row of CelebA's has what was asked for.
func FuzzGrouped(f *testing.F) {
	f.Add([]byte(waterbirdsList))
	f.Add([]byte("1\nBlond_Hair Male\na.jpg 1 -1\n"))
	f.Add([]byte("image_id,Blond_Hair,Male\na.jpg,1,-1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		pictures, _ := readWaterbirds(bytes.NewReader(data), "")
		for _, p := range pictures {
			if !filepath.IsLocal(filepath.FromSlash(p.file)) || p.label == "" || p.group == "" {
				t.Errorf("%+v", p)
			}
		}
		wanted := []string{celebaLabel, celebaGroup}
		for _, read := range []func(io.Reader, []string) ([][]string, error){readCelebA, readCelebATable} {
			rows, err := read(bytes.NewReader(data), wanted)
			for _, row := range rows {
				if err == nil && len(row) != 3 {
					t.Errorf("a row %q", row)
				}
			}
		}
	})
}
