-- Changes of what acts for an account, for those who wait to hear of them: browser sessions, and what was
-- granted to applications. Uses of a session or an authorization are no changes.
create trigger changes_sessions_insert after insert on sessions begin
    insert into changes (kind, key) values
        ('sessions.user_id', new.user_id);
end;

create trigger changes_sessions_delete after delete on sessions begin
    insert into changes (kind, key) values
        ('sessions.user_id', old.user_id);
end;

create trigger changes_oauth_families_insert after insert on oauth_families begin
    insert into changes (kind, key) values
        ('oauth_families.user_id', new.user_id);
end;

create trigger changes_oauth_families_update after update of revoked on oauth_families begin
    insert into changes (kind, key) values
        ('oauth_families.user_id', new.user_id);
end;

create trigger changes_oauth_families_delete after delete on oauth_families begin
    insert into changes (kind, key) values
        ('oauth_families.user_id', old.user_id);
end;

create trigger changes_oauth_consents_insert after insert on oauth_consents begin
    insert into changes (kind, key) values
        ('oauth_consents.user_id', new.user_id);
end;

create trigger changes_oauth_consents_update after update on oauth_consents begin
    insert into changes (kind, key) values
        ('oauth_consents.user_id', new.user_id);
end;

create trigger changes_oauth_consents_delete after delete on oauth_consents begin
    insert into changes (kind, key) values
        ('oauth_consents.user_id', old.user_id);
end;
