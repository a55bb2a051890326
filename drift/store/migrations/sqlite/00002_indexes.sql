-- +goose Up
CREATE INDEX images_waiting_moment ON images (moment) WHERE window_number IS NULL AND reason IS NULL;
CREATE INDEX images_kept ON images (window_number) WHERE window_number IS NOT NULL AND payload IS NOT NULL;

-- +goose Down
DROP INDEX images_kept;
DROP INDEX images_waiting_moment;
