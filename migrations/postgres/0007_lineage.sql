-- An application that a token made loses its own token with that one.
alter table oauth_applications add column parent_family uuid;
alter table oauth_applications add column parent_token bytea;
