-- How far the channels that mirror feeds from elsewhere are with them.
create table feeds (
    channel_id    integer primary key references channels (id) on delete cascade,
    -- What the feed's server said of it, so that it need not send the same again.
    etag          text,
    last_modified text,
    -- Of what the feed says of the channel itself.
    digest        text not null default '',
    fetch_date    text,
    due_date      text not null,
    -- In a row, and why the last one.
    failures      integer not null default 0,
    error         text
);

create index feeds_due_date_idx on feeds (due_date);
