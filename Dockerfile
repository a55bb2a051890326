# facet from source, in an image that holds the program and nothing to run beside it.
#   docker build -t facet .
#   docker run --rm -v "$PWD:/work" facet explain photo.jpg --text "a yellow car"
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/facet ./cmd/facet

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/facet /usr/bin/facet
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/usr/bin/facet"]
