-- The audit log by what it is asked for, newest first.
drop index audit_entries_operation_idx;
create index audit_entries_operation_idx on audit_entries (operation, creation_date, id);
create index audit_entries_username_idx on audit_entries (username, creation_date, id);
create index audit_entries_target_idx on audit_entries (target, creation_date, id);
