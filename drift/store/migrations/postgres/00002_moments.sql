-- +goose Up
CREATE INDEX images_waiting_moment ON images (moment) WHERE window_number IS NULL AND reason IS NULL;

-- +goose Down
DROP INDEX images_waiting_moment;
