-- +goose Up
CREATE TABLE streams (
    id       INTEGER PRIMARY KEY,           -- 1: the whole stream; from 2 on: its groups, in the order in which they turned up
    name     TEXT    NOT NULL DEFAULT '' UNIQUE, -- of the group; empty: the whole stream
    settings TEXT    NOT NULL,              -- of the whole stream: what the numbers mean, JSON; of a group: empty
    state    BLOB,                          -- of the monitor after the last window, JSON
    windows  BIGINT  NOT NULL DEFAULT 0,    -- closed
    images   BIGINT  NOT NULL DEFAULT 0,    -- in closed windows
    horizon  BIGINT  NOT NULL DEFAULT 0     -- the end of the last window by time, milliseconds
);
INSERT INTO streams (id, name, settings, state, windows, images, horizon) SELECT id, '', settings, state, windows, images, horizon FROM stream;
DROP TABLE stream;
ALTER TABLE streams RENAME TO stream;

ALTER TABLE images ADD COLUMN stream BIGINT NOT NULL DEFAULT 1; -- that it belongs to
DROP INDEX images_waiting;
DROP INDEX images_waiting_moment;
DROP INDEX images_kept;
CREATE INDEX images_waiting ON images (stream, id) WHERE window_number IS NULL AND reason IS NULL;
CREATE INDEX images_waiting_moment ON images (stream, moment) WHERE window_number IS NULL AND reason IS NULL;
CREATE INDEX images_kept ON images (stream, window_number) WHERE window_number IS NOT NULL AND payload IS NOT NULL;

CREATE TABLE closings (
    stream BIGINT NOT NULL DEFAULT 1,
    number BIGINT NOT NULL, -- from 1, of each stream
    images BIGINT NOT NULL,
    closed BIGINT NOT NULL,
    result TEXT   NOT NULL, -- JSON
    PRIMARY KEY (stream, number)
);
INSERT INTO closings (number, images, closed, result) SELECT number, images, closed, result FROM windows;
CREATE TABLE raised (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    stream    BIGINT  NOT NULL DEFAULT 1,
    number    BIGINT  NOT NULL,
    result    TEXT    NOT NULL,           -- JSON
    delivered BIGINT,
    attempts  BIGINT  NOT NULL DEFAULT 0,
    due       BIGINT  NOT NULL DEFAULT 0, -- no attempt before
    FOREIGN KEY (stream, number) REFERENCES closings (stream, number)
);
INSERT INTO raised (id, number, result, delivered, attempts, due) SELECT id, number, result, delivered, attempts, due FROM alerts;
DROP TABLE alerts;
DROP TABLE windows;
ALTER TABLE closings RENAME TO windows;
ALTER TABLE raised RENAME TO alerts;
CREATE INDEX windows_closed ON windows (closed);
