.PHONY: build test race lint fuzz onnxruntime bench

build: ## bin/facet
	go build -o bin/facet ./cmd/facet

test: ## what the README says
	go test -timeout 40m ./...

race: ## all but lab and the command line; of lab what runs at once, of the command line every verb once and what is killed or interrupted
	go test -race -short -vet=off -timeout 40m $$(go list ./... | grep -v -e '/facet$$' -e '/lab$$' -e '/internal/cli$$' -e '/dataset/codec/module$$')
	go test -race -short -vet=off -timeout 40m -run 'Together|Stress|Cache|Resumes|Streams|Fresh' ./lab
	go test -race -short -vet=off -timeout 40m -run 'JSONOfEveryVerb|Serve|Watch|Killed|Interrupted' ./internal/cli

lint:
	test -z "$$(gofmt -l .)"
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
	go run github.com/polyfloyd/go-errorlint@v1.8.0 ./...
	go run github.com/golangci/misspell/cmd/misspell@v0.8.0 -error $$(git ls-files '*.md' '*.go' | grep -v _test.go)

fuzz: ## ten seconds of each fuzzer
	scripts/fuzz.sh 10s

onnxruntime: ## the official ONNX Runtime, into the cache folder
	scripts/onnxruntime.sh

bench: ## us and the peers in one run
	bench/run.sh
