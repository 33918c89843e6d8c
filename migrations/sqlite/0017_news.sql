-- New rows, for those who wait to hear of them: favorites, plays and notifications; and uploads whose import has ended.
create trigger changes_favorites_new after insert on favorites begin
    insert into changes (kind, key) values
        ('favorites.id', new.id);
end;

create trigger changes_listenings_new after insert on listenings begin
    insert into changes (kind, key) values
        ('listenings.id', new.id);
end;

create trigger changes_inbox_items_new after insert on inbox_items begin
    insert into changes (kind, key) values
        ('inbox_items.id', new.id);
end;

create trigger changes_uploads_imported after update of import_status on uploads
when old.import_status = 'pending' and new.import_status <> 'pending' begin
    insert into changes (kind, key) values
        ('uploads.import_status', new.id);
end;
