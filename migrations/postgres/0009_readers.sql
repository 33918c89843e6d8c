-- The version of the reader that read a file: files of earlier ones are read again.
alter table music_files add column reader bigint not null default 0;
