-- Where the server of a feed says that it has moved for good. It is asked for there; the channel keeps its own address.
alter table feeds add column moved_to text;
