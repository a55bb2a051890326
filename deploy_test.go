package facet

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestKubernetesJobs: as many workers as parts, which the merge names, each once.
func TestKubernetesJobs(t *testing.T) {
	f, err := os.Open("deploy/kubernetes/scan-job.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	type job struct {
		Kind string
		Spec struct {
			CompletionMode string `yaml:"completionMode"`
			Completions    int
			Template       struct {
				Spec struct {
					RestartPolicy string `yaml:"restartPolicy"`
					Containers    []struct{ Args []string }
				}
			}
		}
	}
	var jobs []job
	for d := yaml.NewDecoder(f); ; {
		var j job
		if err := d.Decode(&j); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, j)
	}
	if len(jobs) != 2 || jobs[0].Kind != "Job" || jobs[0].Spec.CompletionMode != "Indexed" || jobs[0].Spec.Completions != 64 || jobs[1].Spec.Template.Spec.RestartPolicy != "OnFailure" {
		t.Fatalf("%+v", jobs)
	}
	scan, merge := jobs[0].Spec.Template.Spec.Containers[0].Args, jobs[1].Spec.Template.Spec.Containers[0].Args
	for _, want := range []string{"--shard=$(JOB_COMPLETION_INDEX)/64", "--output=s3://my-bucket/atlases/photos/part-$(JOB_COMPLETION_INDEX)"} {
		if !slices.Contains(scan, want) {
			t.Errorf("the scan %q lacks %s", scan, want)
		}
	}
	if want := []string{"atlas", "merge", "s3://my-bucket/atlases/photos/part-{0..31}", "s3://my-bucket/atlases/photos/part-{32..63}"}; !slices.Equal(merge[:4], want) {
		t.Errorf("the merge is %q", merge)
	}
}

// TestSlurmArray: with programs that only write down what they were asked, the script submits an array and a merge that waits for it; its tasks are parts.
func TestSlurmArray(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	bin := t.TempDir()
	for _, name := range []string{"sbatch", "facet"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!"+bash+"\necho "+name+" \"$@\" >> "+filepath.Join(bin, "log")+"\necho '71;cluster'\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	run := func(environment ...string) string {
		t.Helper()
		os.Remove(filepath.Join(bin, "log"))
		cmd := exec.Command(bash, "deploy/slurm/scan.sbatch")
		cmd.Env = append(os.Environ(), append(environment, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "TASKS=3", "PARTS=s3://b/p", "SOURCE=s3://b/*.tar")...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		log, err := os.ReadFile(filepath.Join(bin, "log"))
		if err != nil {
			t.Fatal(err)
		}
		return string(log)
	}
	if log := run("SLURM_JOB_ID="); !strings.Contains(log, "--array=0-2") || !strings.Contains(log, "--dependency=afterok:71 ") || !strings.Contains(log, "STEP=merge") {
		t.Error(log)
	}
	if log, want := run("SLURM_JOB_ID=71", "SLURM_ARRAY_TASK_ID=2"), "facet scan s3://b/*.tar --model RN50 --shard 2/3 -o s3://b/p/part-2\n"; log != want {
		t.Errorf("a task runs %q, want %q", log, want)
	}
	if log, want := run("SLURM_JOB_ID=72", "STEP=merge"), "facet atlas merge s3://b/p/part-0 s3://b/p/part-1 s3://b/p/part-2 -o photos.atlas\n"; log != want {
		t.Errorf("the merge runs %q, want %q", log, want)
	}
}
