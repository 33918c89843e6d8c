-- Why a plugin could not tell its service what was played, and how often in a row.
alter table plugin_configurations add column problem text;
alter table plugin_configurations add column failures integer not null default 0;

-- What the services of plugins have not been told yet.
create table submissions (
    id            integer primary key autoincrement,
    user_id       integer not null references users (id) on delete cascade,
    plugin        text not null,
    kind          text not null check (kind in ('played', 'loved', 'unloved')),
    track_id      integer not null references tracks (id) on delete cascade,
    -- When it was done; the other, when it was noted.
    act_date      text not null,
    creation_date text not null
);

create index submissions_user_id_plugin_idx on submissions (user_id, plugin, id);
create index submissions_track_id_idx on submissions (track_id);
