-- Changes of what acts for an account, for those who wait to hear of them: browser sessions, and what was
-- granted to applications. Uses of a session or an authorization are no changes.
create function changes_of_account() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        insert into changes (kind, key) values (tg_argv[0], old.user_id);
    else
        insert into changes (kind, key) values (tg_argv[0], new.user_id);
    end if;
    return null;
end $$;

create trigger changes_sessions after insert or delete on sessions
    for each row execute function changes_of_account('sessions.user_id');

create trigger changes_oauth_families after insert or update of revoked or delete on oauth_families
    for each row execute function changes_of_account('oauth_families.user_id');

create trigger changes_oauth_consents after insert or update or delete on oauth_consents
    for each row execute function changes_of_account('oauth_consents.user_id');
