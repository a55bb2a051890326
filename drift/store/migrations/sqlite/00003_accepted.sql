-- +goose Up
CREATE TABLE accepted (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    window_number BIGINT NOT NULL, -- after which the stream was compared with another profile
    moment        BIGINT NOT NULL, -- milliseconds
    settings      TEXT   NOT NULL, -- those before, JSON
    note          TEXT   NOT NULL
);

-- +goose Down
DROP TABLE accepted;
