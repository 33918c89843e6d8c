-- Signing in, and what OAuth keeps. Secrets are kept as hashes only.

-- The token against forged requests follows from the session's own.
alter table sessions drop column csrf_hash;

-- Whatever one authorisation gave belongs to one family, and falls with it.
alter table oauth_access_tokens add column family blob;
create index oauth_access_tokens_family_idx on oauth_access_tokens (family);

-- What revokes a family and what goes on with it take turns at its row.
create table oauth_families (
    family         blob not null primary key,
    application_id integer not null references oauth_applications (id) on delete cascade,
    user_id        integer not null references users (id) on delete cascade,
    created        text not null,
    used           text not null,
    revoked        text
);

create index oauth_families_user_id_application_id_idx on oauth_families (user_id, application_id);
create index oauth_families_application_id_idx on oauth_families (application_id);
create index oauth_families_used_idx on oauth_families (used);

-- A token that came from another server has no scope of its own: that of its access token counts.
alter table oauth_refresh_tokens add column family blob;
alter table oauth_refresh_tokens add column scope text;
alter table oauth_refresh_tokens add column created text;
alter table oauth_refresh_tokens add column expires text;
create index oauth_refresh_tokens_family_idx on oauth_refresh_tokens (family);
create index oauth_refresh_tokens_expires_idx on oauth_refresh_tokens (expires);

-- Codes live for minutes: none is lost. A used one is kept until it expires, so that a second use
-- revokes what the first one gave.
drop table oauth_codes;

create table oauth_codes (
    id             integer primary key autoincrement,
    code_hash      blob not null unique,
    application_id integer not null references oauth_applications (id) on delete cascade,
    user_id        integer not null references users (id) on delete cascade,
    redirect_uri   text not null,
    scope          text not null,
    code_challenge text not null default '',
    created        text not null,
    expires        text not null,
    used           text,
    family         blob not null
);

create index oauth_codes_user_id_application_id_idx on oauth_codes (user_id, application_id);
create index oauth_codes_application_id_idx on oauth_codes (application_id);
create index oauth_codes_expires_idx on oauth_codes (expires);

-- What a person has allowed an application before.
create table oauth_consents (
    user_id        integer not null references users (id) on delete cascade,
    application_id integer not null references oauth_applications (id) on delete cascade,
    scope          text not null,
    updated        text not null,
    primary key (user_id, application_id)
);

create index oauth_consents_application_id_idx on oauth_consents (application_id);

-- Devices that wait for a person to let them in (RFC 8628).
create table oauth_device_codes (
    id               integer primary key autoincrement,
    device_code_hash blob not null unique,
    user_code_hash   blob not null unique,
    application_id   integer not null references oauth_applications (id) on delete cascade,
    scope            text not null,
    state            text not null check (state in ('pending', 'approved', 'denied')),
    user_id          integer references users (id) on delete cascade,
    polled           text,
    pace             integer not null,
    created          text not null,
    expires          text not null
);

create index oauth_device_codes_application_id_idx on oauth_device_codes (application_id);
create index oauth_device_codes_user_id_idx on oauth_device_codes (user_id);
create index oauth_device_codes_expires_idx on oauth_device_codes (expires);

-- Keys that are mailed or printed, and work once.
create table account_keys (
    key_hash blob not null primary key,
    purpose  text not null check (purpose in ('setup', 'email', 'password')),
    user_id  integer references users (id) on delete cascade,
    email    text not null default '',
    created  text not null,
    expires  text not null
);

create index account_keys_user_id_purpose_idx on account_keys (user_id, purpose);
create index account_keys_expires_idx on account_keys (expires);

-- Who an OpenID provider says that somebody is.
create table user_identities (
    issuer  text not null,
    subject text not null,
    user_id integer not null references users (id) on delete cascade,
    created text not null,
    primary key (issuer, subject)
);

create index user_identities_user_id_idx on user_identities (user_id);

-- The explorers of this server; its redirect addresses follow from where the pod is.
insert into oauth_applications (id, client_id, name, scope, client_type,
    authorization_grant_type, created, updated)
values (0, 'baleen-explorer', 'API explorers of this pod', 'read write', 'public',
    'authorization-code', '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00');
