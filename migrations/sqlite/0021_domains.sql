-- Numbers for domains, which keepers list, remember and act on as on other objects.
alter table domains add column id integer;

update domains set id = rowid;

create unique index domains_id_key on domains (id);

create trigger domains_id after insert on domains when new.id is null begin
    update domains set id = (select coalesce(max(d.id), 0) + 1 from domains d) where name = new.name;
end;
