-- +goose Up
CREATE TABLE stream (
    id       BIGINT  PRIMARY KEY CHECK (id = 1),
    settings TEXT    NOT NULL,           -- what the stream's numbers mean, JSON
    state    BYTEA,                      -- of the monitor after the last window, JSON
    windows  BIGINT  NOT NULL DEFAULT 0, -- closed
    images   BIGINT  NOT NULL DEFAULT 0, -- in closed windows
    horizon  BIGINT  NOT NULL DEFAULT 0  -- the end of the last window by time, milliseconds
);
CREATE TABLE images (
    id            BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash          BYTEA   NOT NULL UNIQUE, -- SHA-256 of the content
    name          TEXT    NOT NULL,
    moment        BIGINT  NOT NULL,        -- when it was taken, or arrived, milliseconds
    arrived       BIGINT  NOT NULL,
    reason        TEXT,                    -- why it cannot be read; such an image is in no window
    window_number BIGINT,                  -- of a closed window
    payload       BYTEA                   -- what its window needs; gone when that is closed
);
CREATE INDEX images_waiting ON images (id) WHERE window_number IS NULL AND reason IS NULL;
CREATE INDEX images_unreadable ON images (id) WHERE reason IS NOT NULL;
CREATE TABLE files (
    path     TEXT   PRIMARY KEY,
    size     BIGINT NOT NULL,
    modified BIGINT NOT NULL -- nanoseconds
);
CREATE TABLE windows (
    number BIGINT PRIMARY KEY, -- from 1
    images BIGINT NOT NULL,
    closed BIGINT NOT NULL,
    result TEXT   NOT NULL     -- JSON
);
CREATE TABLE alerts (
    id        BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number    BIGINT  NOT NULL REFERENCES windows (number),
    result    TEXT    NOT NULL,           -- JSON
    delivered BIGINT,
    attempts  BIGINT  NOT NULL DEFAULT 0,
    due       BIGINT  NOT NULL DEFAULT 0  -- no attempt before
);

-- +goose Down
DROP TABLE alerts;
DROP TABLE windows;
DROP TABLE files;
DROP TABLE images;
DROP TABLE stream;
