package show

import (
	"math"
	"strconv"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/lab"
)

// ClassTable is the table of classes, its head first.
func ClassTable(a answer.SegmentationScores) [][]string {
	rows := [][]string{{"method", "class", "iou", "accuracy", "mistaken_for"}}
	for _, m := range a.Methods {
		for _, c := range m.Classes {
			rows = append(rows, []string{m.Method, c.Class, decimal(float64(c.IoU)), decimal(float64(c.Accuracy)), c.Mistaken})
		}
	}
	return rows
}

// PictureTable is the table of pictures, its head first.
func PictureTable(pictures []lab.PictureScore) [][]string {
	rows := [][]string{{"image", "method", "miou", "aacc", "encoding_seconds", "seconds"}}
	for _, p := range pictures {
		rows = append(rows, []string{p.Image, p.Method, decimal(p.MIoU), decimal(p.AAcc), decimal(p.Encoding), decimal(p.Seconds)})
	}
	return rows
}

// decimal is a number in a CSV file, empty when it is none.
func decimal(n float64) string {
	if math.IsNaN(n) {
		return ""
	}
	return strconv.FormatFloat(n, 'g', 6, 64)
}

// ClassificationTable is the table of classes of a classification, its head first.
func ClassificationTable(classes []answer.ClassScore) [][]string {
	rows := [][]string{{"class", "key", "images", "accuracy", "mistaken_for", "ap_11_points", "ap_area"}}
	for _, c := range classes {
		row := []string{c.Class, c.Key, strconv.Itoa(c.Images), decimal(float64(c.Accuracy)), c.Mistaken, "", ""}
		if c.Eleven != nil {
			row[5], row[6] = decimal(float64(*c.Eleven)), decimal(float64(*c.Area))
		}
		rows = append(rows, row)
	}
	return rows
}
