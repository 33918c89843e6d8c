-- The redirect URI that a consent was given for. Another one asks again.
alter table oauth_consents add column redirect_uri text not null default '';

-- A grant that a token made, not a person, ends with that token: the family it belongs to, or the
-- hash of a token without one.
alter table oauth_codes add column parent_family blob;
alter table oauth_codes add column parent_token blob;
alter table oauth_families add column parent_family blob;
alter table oauth_families add column parent_token blob;

-- Whether a token was ever used. A refresh token that comes again is only a repetition while the
-- pair that replaced it was not used.
alter table oauth_access_tokens add column used boolean not null default false;
