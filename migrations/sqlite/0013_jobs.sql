-- An earlier design, which nothing has used.
drop table jobs;

-- Work that goes on after the request that asked for it. A process that works on a job says so now and then
-- (beat_date); another takes it up when it no longer does.
create table jobs (
    id            integer primary key autoincrement,
    kind          text not null,
    task          text not null,
    status        text not null check (status in ('pending', 'started', 'finished', 'errored', 'canceled')),
    attempts      integer not null default 0,
    due_date      text not null,
    beat_date     text,
    is_canceled   boolean not null default false,
    progress      text not null default '{}',
    outcome       text not null default '{}',
    creation_date text not null,
    end_date      text
);
create index jobs_kind_status_due_date_idx on jobs (kind, status, due_date);
