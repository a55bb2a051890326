.PHONY: build test race lint fuzz onnxruntime bench

build: ## bin/facet
	go build -o bin/facet ./cmd/facet

test: ## what the README says
	go test -timeout 40m ./...

race:
	go test -race -short -vet=off -timeout 40m ./...

lint:
	test -z "$$(gofmt -l .)"
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

fuzz: ## ten seconds of each fuzzer
	scripts/fuzz.sh 10s

onnxruntime: ## the official ONNX Runtime, into the cache folder
	scripts/onnxruntime.sh

bench: ## us and the peers in one run
	bench/run.sh
