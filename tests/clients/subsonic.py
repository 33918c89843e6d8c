"""Proves that py-sonic and py-opensonic do their work, and that every answer has the types of the schema."""
import hashlib
import json
import pathlib
import sys
import urllib.parse
import urllib.request

import libopensonic
import libsonic
from lxml import etree

base, user, token, key = sys.argv[1:]
port = urllib.parse.urlsplit(base).port
schema = etree.XMLSchema(etree.parse(pathlib.Path(__file__).with_name("subsonic.xsd")))


def ask(endpoint, **params):
    """Asks for XML, checks it, and answers what JSON has."""
    salt = "salted"
    known = {"u": user, "t": hashlib.md5((token + salt).encode()).hexdigest(), "s": salt, "v": "1.16.1", "c": "xsd"}
    query = urllib.parse.urlencode(known | params, doseq=True)
    with urllib.request.urlopen(f"{base}/rest/{endpoint}?{query}") as answer:
        tree = etree.fromstring(answer.read())
    assert schema.validate(tree), f"{endpoint}: {schema.error_log}"
    assert tree.get("status") == "ok", f"{endpoint}: {etree.tostring(tree)}"
    if endpoint.startswith("delete"):
        return None
    with urllib.request.urlopen(f"{base}/rest/{endpoint}?{query}&f=json") as answer:
        told = json.load(answer)["subsonic-response"]
    assert told["status"] == "ok", told
    return told


def every_answer_has_its_types():
    artists = [artist for index in ask("getArtists")["artists"]["index"] for artist in index["artist"]]
    albums = ask("getAlbumList2", type="newest", size=500)["albumList2"]["album"]
    songs = ask("search3", query="", songCount=500)["searchResult3"]["song"]
    artist, album, song = artists[0]["id"], albums[0]["id"], songs[0]["id"]
    scanned = ask("getMusicFolders")["musicFolders"]["musicFolder"][1]["id"]
    folders = ask("getIndexes", musicFolderId=scanned)["indexes"]["index"]
    folder = folders[0]["artist"][0]["id"]
    assert ask("getMusicDirectory", id=folder)["directory"]["child"]
    genre = next(genre["value"] for genre in ask("getGenres")["genres"]["genre"])
    made = ask("createPlaylist", name="Types", songId=[song, song])["playlist"]["id"]
    for endpoint, params in [
        ("ping", {}), ("getLicense", {}), ("getOpenSubsonicExtensions", {}), ("tokenInfo", {}), ("getUser", {"username": user}),
        ("getUsers", {}), ("getScanStatus", {}), ("getVideos", {}), ("getShares", {}), ("getInternetRadioStations", {}),
        ("getChatMessages", {}), ("getPodcasts", {}), ("getNewestPodcasts", {}),
        ("getMusicFolders", {}), ("getIndexes", {}), ("getMusicDirectory", {"id": "1"}),
        ("getMusicDirectory", {"id": artist}), ("getMusicDirectory", {"id": album}), ("getArtist", {"id": artist}),
        ("getAlbum", {"id": album}), ("getSong", {"id": song}), ("getArtistInfo", {"id": artist}),
        ("getArtistInfo2", {"id": artist}), ("getAlbumInfo", {"id": album}), ("getAlbumInfo2", {"id": album}),
        ("getAlbumList", {"type": "random"}), ("getAlbumList2", {"type": "random"}), ("getRandomSongs", {}),
        ("getSongsByGenre", {"genre": genre}), ("getTopSongs", {"id": artist}), ("getSimilarSongs", {"id": song}),
        ("getSimilarSongs2", {"id": artist}), ("search2", {"query": ""}), ("search3", {"query": "a"}), ("star", {"id": song}),
        ("getStarred", {}), ("getStarred2", {}), ("unstar", {"id": song}), ("scrobble", {"id": song}),
        ("getPlaylists", {}), ("getPlaylist", {"id": made}), ("updatePlaylist", {"playlistId": made, "name": "Typed"}),
        ("setRating", {"id": song, "rating": 4}), ("setRating", {"id": album, "rating": 5}), ("star", {"albumId": album, "artistId": artist}),
        ("getStarred", {}), ("getStarred2", {}), ("getAlbumList2", {"type": "highest"}), ("getNowPlaying", {}),
        ("createBookmark", {"id": song, "position": 1000}), ("getBookmarks", {}), ("getSong", {"id": song}), ("deleteBookmark", {"id": song}),
        ("savePlayQueue", {"id": [song, song], "current": song}), ("getPlayQueue", {}), ("getPlayQueueByIndex", {}),
        ("deletePlaylist", {"id": made}), ("getLyrics", {"title": songs[0]["title"]}), ("getLyricsBySongId", {"id": song}),
    ]:
        ask(endpoint, **params)
    failed = urllib.request.urlopen(f"{base}/rest/getSong?u={user}&p={token}&id=tr-0").read()
    assert schema.validate(etree.fromstring(failed)), schema.error_log
    print(f"subsonic: {len(artists)} artists, {len(albums)} albums, {len(songs)} songs, all of them valid")


def py_sonic_plays():
    player = libsonic.Connection("http://127.0.0.1", user, token, port=port, appName="py-sonic", legacyAuth=False)
    assert player.ping()
    albums = player.getAlbumList2("alphabeticalByName", size=5)["albumList2"]["album"]
    songs = player.getAlbum(albums[0]["id"])["album"]["song"]
    assert player.stream(songs[0]["id"]).read(4)
    assert player.download(songs[0]["id"]).read(4)
    assert player.getCoverArt(albums[0]["coverArt"], size=200).read(4)
    playlist = player.createPlaylist(name="py-sonic", songIds=[song["id"] for song in songs[:3]])["playlist"]
    player.updatePlaylist(playlist["id"], name="Renamed", songIndexesToRemove=[0])
    told = player.getPlaylist(playlist["id"])["playlist"]
    assert [entry["id"] for entry in told["entry"]] == [song["id"] for song in songs[1:3]] and told["name"] == "Renamed"
    player.deletePlaylist(playlist["id"])
    player.star(sids=[songs[0]["id"]])
    assert songs[0]["id"] in [song["id"] for song in player.getStarred2()["starred2"]["song"]]
    player.unstar(sids=[songs[0]["id"]])
    player.scrobble(songs[0]["id"])
    assert player.search3("a")["searchResult3"]
    assert player.getIndexes()["indexes"]["index"] and player.getArtists()["artists"]["index"]
    assert player.getMusicDirectory(albums[0]["id"])["directory"]["child"]
    assert player.getScanStatus()["scanStatus"]["scanning"] is False
    print("subsonic: py-sonic browses, plays and keeps playlists")


def py_opensonic_plays():
    for who in [{"username": user, "password": token}, {"api_key": key}]:
        player = libopensonic.Connection("http://127.0.0.1", port=port, app_name="py-opensonic", **who)
        assert player.ping()
        extensions = player.get_open_subsonic_extensions()
        assert any(extension.name == "apiKeyAuthentication" for extension in extensions), extensions
        album = player.get_album_list2("newest", size=3)[0]
        songs = player.get_album(album.id).song
        assert songs and player.stream(songs[0].id).status == 200
        assert player.get_artists().index
        assert player.search3("a", song_count=5) is not None
        player.create_playlist(name="py-opensonic", song_ids=[song.id for song in songs])
        playlist = next(known for known in player.get_playlists() if known.name == "py-opensonic")
        assert [entry.id for entry in player.get_playlist(playlist.id).entry] == [song.id for song in songs]
        player.delete_playlist(playlist.id)
        player.get_lyrics_by_song_id(songs[0].id)
        player.get_similar_songs2(album.artist_id)
    print("subsonic: py-opensonic does too, with a password and with a key")


every_answer_has_its_types()
py_sonic_plays()
py_opensonic_plays()
