/// As `meet`, for what moderators and administrators do.
pub fn meet(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "settings.list" => ("instance/admin/settings", "{ podSettings { identifier } }"),
        "settings.retrieve" => (
            "instance/admin/settings/instance__name",
            "{ podSetting(identifier: \"instance__name\") { title } }",
        ),
        "settings.update" => ("instance/admin/settings/instance__name", ""),
        "settings.bulk" => (
            "instance/admin/settings/bulk",
            "mutation { updatePodSettings(input: {settings: []}) { settings { title } } }",
        ),
        "user_accounts.list" => (
            "manage/users/users",
            "{ userAccounts { edges { cursor } } }",
        ),
        "user_accounts.retrieve" => (
            "manage/users/users/1",
            "{ userAccount(databaseId: 1) { email } }",
        ),
        "user_accounts.update" => (
            "manage/users/users/99999",
            "mutation { updateUserAccount(input: {id: 99999}) { account { email } } }",
        ),
        "invitations.list" => (
            "manage/users/invitations",
            "{ invitations { edges { cursor } } }",
        ),
        "invitations.retrieve" => (
            "manage/users/invitations/99999",
            "{ invitation(databaseId: 99999) { code } }",
        ),
        "invitations.create" => (
            "manage/users/invitations",
            "mutation { createInvitation(input: {code: \"!\"}) { invitation { code } } }",
        ),
        "invitations.update" => (
            "manage/users/invitations/99999",
            "mutation { updateInvitation(input: {id: 99999}) { invitation { code } } }",
        ),
        "invitations.act" => (
            "manage/users/invitations/action",
            "mutation { deleteInvitations(input: {ids: []}) { deletedIds } }",
        ),
        "jobs.list" => ("manage/jobs", "{ jobs { edges { cursor } } }"),
        "jobs.retrieve" => ("manage/jobs/99999", "{ job(databaseId: 99999) { kind } }"),
        "refusals.list" => (
            "manage/rate-limit/refusals",
            "{ rateLimitRefusals { scope } }",
        ),
        "storage.show" => ("manage/storage", "{ storage { storedFiles } }"),
        "audit.list" => ("manage/audit", "{ auditEntries { edges { cursor } } }"),
        "reports.create" => (
            "moderation/reports",
            "mutation { createReport(input: {type: OTHER, target: \"zzz\"}) { reportId } }",
        ),
        "reports.list" => (
            "manage/moderation/reports",
            "{ reports { edges { cursor } } }",
        ),
        "reports.retrieve" => (
            "manage/moderation/reports/00000000-0000-0000-0000-000000000000",
            "{ report(databaseId: 99999) { summary } }",
        ),
        "reports.update" => (
            "manage/moderation/reports/00000000-0000-0000-0000-000000000000",
            "mutation { updateReport(input: {id: 99999}) { report { summary } } }",
        ),
        "user_requests.list" => (
            "manage/moderation/requests",
            "{ userRequests { edges { cursor } } }",
        ),
        "user_requests.retrieve" => (
            "manage/moderation/requests/00000000-0000-0000-0000-000000000000",
            "{ userRequest(databaseId: 99999) { status } }",
        ),
        "user_requests.update" => (
            "manage/moderation/requests/00000000-0000-0000-0000-000000000000",
            "mutation { updateUserRequest(input: {id: 99999}) { request { status } } }",
        ),
        "notes.list" => (
            "manage/moderation/notes",
            "{ moderationNotes { edges { cursor } } }",
        ),
        "notes.retrieve" => (
            "manage/moderation/notes/00000000-0000-0000-0000-000000000000",
            "{ moderationNote(databaseId: 99999) { summary } }",
        ),
        "notes.create" => (
            "manage/moderation/notes",
            "mutation { createModerationNote(input: {summary: \"\", target: \"zzz\"}) { note { summary } } }",
        ),
        "notes.delete" => (
            "manage/moderation/notes/00000000-0000-0000-0000-000000000000",
            "mutation { deleteModerationNote(input: {id: 99999}) { deletedId } }",
        ),
        "managed_artists.list" => (
            "manage/library/artists",
            "{ managedArtists { edges { cursor } } }",
        ),
        "managed_artists.retrieve" => ("manage/library/artists/1", ""),
        "managed_artists.stats" => (
            "manage/library/artists/1/stats",
            "{ artistStats(databaseId: 1) { uploads } }",
        ),
        "managed_artists.delete" => ("manage/library/artists/99999", ""),
        "managed_artists.act" => (
            "manage/library/artists/action",
            "mutation { removeArtists(input: {ids: []}) { count } }",
        ),
        "managed_albums.list" => (
            "manage/library/albums",
            "{ managedAlbums { edges { cursor } } }",
        ),
        "managed_albums.retrieve" => ("manage/library/albums/1", ""),
        "managed_albums.stats" => (
            "manage/library/albums/1/stats",
            "{ albumStats(databaseId: 1) { uploads } }",
        ),
        "managed_albums.delete" => ("manage/library/albums/99999", ""),
        "managed_albums.act" => (
            "manage/library/albums/action",
            "mutation { removeAlbums(input: {ids: []}) { count } }",
        ),
        "managed_tracks.list" => (
            "manage/library/tracks",
            "{ managedTracks { edges { cursor } } }",
        ),
        "managed_tracks.retrieve" => ("manage/library/tracks/1", ""),
        "managed_tracks.stats" => (
            "manage/library/tracks/1/stats",
            "{ trackStats(databaseId: 1) { uploads } }",
        ),
        "managed_tracks.delete" => ("manage/library/tracks/99999", ""),
        "managed_tracks.act" => (
            "manage/library/tracks/action",
            "mutation { removeTracks(input: {ids: []}) { count } }",
        ),
        "managed_libraries.list" => (
            "manage/library/libraries",
            "{ managedLibraries { edges { cursor } } }",
        ),
        "managed_libraries.retrieve" => (
            "manage/library/libraries/LIBRARY",
            "{ managedLibrary(uuid: \"LIBRARY\") { name } }",
        ),
        "managed_libraries.update" => (
            "manage/library/libraries/00000000-0000-0000-0000-000000000000",
            "mutation { updateManagedLibrary(input: {id: 99999}) { library { name } } }",
        ),
        "managed_libraries.stats" => (
            "manage/library/libraries/LIBRARY/stats",
            "{ libraryStats(uuid: \"LIBRARY\") { uploads } }",
        ),
        "managed_libraries.delete" => (
            "manage/library/libraries/00000000-0000-0000-0000-000000000000",
            "",
        ),
        "managed_libraries.act" => (
            "manage/library/libraries/action",
            "mutation { removeLibraries(input: {ids: []}) { count } }",
        ),
        "managed_uploads.list" => (
            "manage/library/uploads",
            "{ managedUploads { edges { cursor } } }",
        ),
        "managed_uploads.retrieve" => (
            "manage/library/uploads/UPLOAD",
            "{ managedUpload(uuid: \"UPLOAD\") { mimetype } }",
        ),
        "managed_uploads.delete" => (
            "manage/library/uploads/00000000-0000-0000-0000-000000000000",
            "",
        ),
        "managed_uploads.act" => (
            "manage/library/uploads/action",
            "mutation { removeUploads(input: {ids: []}) { count } }",
        ),
        "managed_channels.list" => (
            "manage/channels",
            "{ managedChannels { edges { cursor } } }",
        ),
        "managed_channels.retrieve" => ("manage/channels/e95aebaf-5cfa-5bf0-bed2-115fb6a5da8b", ""),
        "managed_channels.stats" => (
            "manage/channels/e95aebaf-5cfa-5bf0-bed2-115fb6a5da8b/stats",
            "{ channelStats(uuid: \"e95aebaf-5cfa-5bf0-bed2-115fb6a5da8b\") { uploads } }",
        ),
        "managed_channels.delete" => (
            "manage/channels/00000000-0000-0000-0000-000000000000",
            "mutation { removeChannels(input: {ids: []}) { count } }",
        ),
        "managed_tags.list" => ("manage/tags", ""),
        "managed_tags.retrieve" => ("manage/tags/Rock", ""),
        "managed_tags.create" => (
            "manage/tags",
            "mutation { createTag(input: {name: \"\"}) { tag { name } } }",
        ),
        "managed_tags.delete" => ("manage/tags/zzz", ""),
        "managed_tags.act" => (
            "manage/tags/action",
            "mutation { removeTags(input: {ids: []}) { count } }",
        ),
        "accounts.list" => ("manage/accounts", "{ managedActors { edges { cursor } } }"),
        "accounts.retrieve" => (
            "manage/accounts/alice@pod.test",
            "{ managedActor(fullUsername: \"alice@pod.test\") { name } }",
        ),
        "accounts.stats" => (
            "manage/accounts/alice@pod.test/stats",
            "{ accountStats(fullUsername: \"alice@pod.test\") { uploads } }",
        ),
        "accounts.act" => (
            "manage/accounts/action",
            "mutation { purgeAccounts(input: {ids: []}) { count } }",
        ),
        "domains.list" => (
            "manage/federation/domains",
            "{ domains { edges { cursor } } }",
        ),
        "domains.retrieve" => (
            "manage/federation/domains/far.test",
            "{ domain(name: \"far.test\") { name } }",
        ),
        "domains.stats" => (
            "manage/federation/domains/far.test/stats",
            "{ domainStats(name: \"far.test\") { uploads } }",
        ),
        "domains.nodeinfo" => (
            "manage/federation/domains/zzz.example/nodeinfo",
            "mutation { refreshDomain(input: {id: 99999}) { problem } }",
        ),
        "domains.create" => (
            "manage/federation/domains",
            "mutation { createDomain(input: {name: \"\"}) { domain { name } } }",
        ),
        "domains.update" => (
            "manage/federation/domains/zzz.example",
            "mutation { updateDomain(input: {id: 99999}) { domain { name } } }",
        ),
        "domains.act" => (
            "manage/federation/domains/action",
            "mutation { purgeDomains(input: {ids: []}) { count } }",
        ),
        "instance_policies.list" => (
            "manage/moderation/instance-policies",
            "{ instancePolicies { edges { cursor } } }",
        ),
        "instance_policies.retrieve" => (
            "manage/moderation/instance-policies/99999",
            "{ instancePolicy(databaseId: 99999) { summary } }",
        ),
        "instance_policies.create" => (
            "manage/moderation/instance-policies",
            "mutation { createInstancePolicy(input: {domain: \"zzz\"}) { policy { summary } } }",
        ),
        "instance_policies.update" => (
            "manage/moderation/instance-policies/99999",
            "mutation { updateInstancePolicy(input: {id: 99999}) { policy { summary } } }",
        ),
        "instance_policies.delete" => (
            "manage/moderation/instance-policies/99999",
            "mutation { deleteInstancePolicy(input: {id: 99999}) { deletedId } }",
        ),
        _ => return None,
    })
}
