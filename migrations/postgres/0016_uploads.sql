-- What a job is about, where it need not be asked for twice.
alter table jobs add column subject text not null default '';
create index jobs_subject_idx on jobs (subject, kind) where subject <> '';

-- The name of the file that was uploaded.
alter table uploads add column file_name text;

-- What somebody has stored is summed from this index alone.
create index uploads_library_id_size_stored_idx on uploads (library_id, import_status, size) where audio_file <> '';

-- What tells of a follow goes with it.
create index activities_related_object_idx on activities (related_object_type, related_object_id);
create index activities_object_idx on activities (object_type, object_id);
