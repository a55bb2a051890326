-- +goose Up
ALTER TABLE stream DROP CONSTRAINT stream_id_check; -- 1: the whole stream; from 2 on: its groups, in the order in which they turned up
ALTER TABLE stream ADD COLUMN name TEXT NOT NULL DEFAULT '' UNIQUE; -- of the group; empty: the whole stream

ALTER TABLE images ADD COLUMN stream BIGINT NOT NULL DEFAULT 1; -- that it belongs to
DROP INDEX images_waiting;
DROP INDEX images_waiting_moment;
DROP INDEX images_kept;
CREATE INDEX images_waiting ON images (stream, id) WHERE window_number IS NULL AND reason IS NULL;
CREATE INDEX images_waiting_moment ON images (stream, moment) WHERE window_number IS NULL AND reason IS NULL;
CREATE INDEX images_kept ON images (stream, window_number) WHERE window_number IS NOT NULL AND payload IS NOT NULL;

ALTER TABLE alerts DROP CONSTRAINT alerts_number_fkey;
ALTER TABLE windows DROP CONSTRAINT windows_pkey;
ALTER TABLE windows ADD COLUMN stream BIGINT NOT NULL DEFAULT 1;
ALTER TABLE windows ADD PRIMARY KEY (stream, number); -- numbers are from 1, of each stream
ALTER TABLE alerts ADD COLUMN stream BIGINT NOT NULL DEFAULT 1;
ALTER TABLE alerts ADD FOREIGN KEY (stream, number) REFERENCES windows (stream, number);
CREATE INDEX windows_closed ON windows (closed);
