-- New rows, for those who wait to hear of them: favorites, plays and notifications; and uploads whose import has ended.
create function changes_new() returns trigger language plpgsql as $$
begin
    insert into changes (kind, key) values (tg_argv[0], new.id);
    return null;
end $$;

create trigger changes_favorites_new after insert on favorites
    for each row execute function changes_new('favorites.id');
create trigger changes_listenings_new after insert on listenings
    for each row execute function changes_new('listenings.id');
create trigger changes_inbox_items_new after insert on inbox_items
    for each row execute function changes_new('inbox_items.id');
create trigger changes_uploads_imported after update of import_status on uploads
    for each row when (old.import_status = 'pending' and new.import_status <> 'pending')
    execute function changes_new('uploads.import_status');
