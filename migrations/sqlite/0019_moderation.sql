-- What moderators and administrators have done, and news for moderators.
create table audit_entries (
    id            integer primary key autoincrement,
    operation     text not null,
    user_id       integer references users (id) on delete set null,
    username      text not null,
    -- Null for the command line.
    address       text,
    target        text not null,
    details       text,
    creation_date text not null
);

create index audit_entries_user_id_idx on audit_entries (user_id, id);
create index audit_entries_operation_idx on audit_entries (operation, id);
create index audit_entries_creation_date_idx on audit_entries (creation_date, id);

create trigger changes_reports_new after insert on reports begin
    insert into changes (kind, key) values
        ('reports.id', new.id);
end;

create trigger changes_user_requests_new after insert on user_requests begin
    insert into changes (kind, key) values
        ('user_requests.id', new.id);
end;
