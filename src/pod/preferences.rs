//! The settings that administrators can change while the pod runs, with their defaults.
use serde_json::{Value as Json, json};

/// A setting of the pod that administrators can change while it runs.
#[derive(Clone, Copy, Debug)]
pub struct Preference {
    pub section: &'static str,
    pub name: &'static str,
    /// Default value; it also determines the type.
    pub default: Value,
    /// Whether `GET /api/v1/instance/settings` returns it, to anyone.
    pub public: bool,
    pub title: &'static str,
    /// One or two sentences; empty if the title says it all.
    pub help: &'static str,
    /// Allowed values.
    pub choices: Choices,
}

/// The type of a setting, with its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    Bool(bool),
    Int(i64),
    /// A single line of text.
    Text(&'static str),
    /// Text of several lines.
    LongText(&'static str),
    /// One of the choices, or empty.
    Choice(&'static str),
    /// Any number of the choices.
    Choices(&'static [&'static str]),
    /// A JSON object; empty by default.
    Object,
    /// The path of a file in the media folder; none by default.
    File,
}

/// Allowed values of a setting: codes with their names.
#[derive(Clone, Copy, Debug)]
pub enum Choices {
    /// Any value of the type is allowed.
    Free,
    Pairs(&'static [(&'static str, &'static str)]),
    /// One choice per line: code, tab, name.
    Lines(&'static str),
}

/// Types of reports, with their labels.
pub const REPORT_TYPES: &[(&str, &str)] = &[
    ("takedown_request", "Takedown request"),
    ("invalid_metadata", "Invalid metadata"),
    ("illegal_content", "Illegal content"),
    ("offensive_content", "Offensive content"),
    ("other", "Other"),
];

/// Staff permissions that users can be given.
const PERMISSIONS: Choices = Choices::Pairs(&[
    ("moderation", "Moderation"),
    ("library", "Library"),
    ("settings", "Settings"),
]);
/// Countries by ISO 3166-1 alpha-2 code.
const COUNTRIES: Choices = Choices::Lines(include_str!("countries.tsv"));
/// Languages by ISO 639-1 code.
const LANGUAGES: Choices = Choices::Lines(include_str!("languages.tsv"));

/// Declares the settings: help text, who can read it, `section.name`, default and title.
macro_rules! preferences {
    (@ everybody) => { true };
    (@ admins) => { false };
    (@choices) => { Choices::Free };
    (@choices $choices:expr) => { $choices };
    ($($(#[doc = $help:literal])* $readers:ident $section:ident.$name:ident = $default:expr, $title:literal $(, $choices:expr)?;)*) => {
        /// Every setting, in the order of `GET /api/v1/instance/admin/settings`.
        pub const PREFERENCES: &[Preference] = &[$(Preference {
            section: stringify!($section),
            name: stringify!($name),
            default: $default,
            public: preferences!(@ $readers),
            title: $title,
            help: concat!($($help),*).trim_ascii(),
            choices: preferences!(@choices $($choices)?),
        },)*];
    };
}

preferences! {
    /// New accounts must be approved by a moderator before they can be used.
    everybody moderation.signup_approval_enabled = Value::Bool(false), "Approval of new accounts";
    /// Permissions that every user holds, in addition to the user's own.
    everybody users.default_permissions = Value::Choices(&[]), "Default permissions", PERMISSIONS;
    /// Occasionally asks users to support the Funkwhale project.
    everybody instance.funkwhale_support_message_enabled = Value::Bool(true), "Funkwhale support message";
    /// Asks services that list pods and collect statistics to leave this one out. They may not
    /// comply.
    admins instance.nodeinfo_private = Value::Bool(false), "Opt out of public listings";
    /// Publishes the numbers of users, artists, albums, tracks and listenings.
    admins instance.nodeinfo_stats_enabled = Value::Bool(true), "Publish statistics";
    /// Picture for the home page. Recommended: at least 600 by 100 pixels.
    everybody instance.banner = Value::File, "Banner";
    /// CSS added to every page of the web application.
    everybody ui.custom_css = Value::LongText(""), "Custom CSS";
    /// Allows users to publish channels and subscribe to them.
    everybody audio.channels_enabled = Value::Bool(true), "Channels";
    /// Converts audio to the format or bitrate that a player requests. Uses processor time.
    everybody music.transcoding_enabled = Value::Bool(true), "Transcoding";
    /// Minutes after which a transcoded file that nobody listened to is removed.
    everybody music.transcoding_cache_duration = Value::Int(10_080), "Transcoding cache duration";
    /// Refuses new uploads whose tags do not name their recordings at MusicBrainz. Existing uploads, folders of the
    /// server and channels are not affected.
    everybody music.only_allow_musicbrainz_tagged_files = Value::Bool(false), "Require MusicBrainz IDs";
    /// Updates tags from the genres of MusicBrainz once a month. Kept for clients: it has no effect yet.
    everybody music.musicbrainz_genre_update = Value::Bool(true), "Tags from MusicBrainz genres";
    /// Copies tags from MusicBrainz to artists, albums and tracks of uploads with MusicBrainz IDs. Kept for clients: it
    /// has no effect yet.
    everybody music.sync_musicbrainz_tags = Value::Bool(false), "Tags from MusicBrainz entries";
    /// Minutes after which a cached file of another pod that nobody listened to is removed.
    everybody federation.music_cache_duration = Value::Int(2880), "Remote file cache duration";
    /// Number of items per page of ActivityPub collections.
    admins federation.collection_page_size = Value::Int(50), "ActivityPub page size";
    /// Minutes before a remote account is fetched again.
    admins federation.actor_fetch_delay = Value::Int(720), "Remote account refresh interval";
    /// Publishes an index of public channels and libraries for other pods and crawlers.
    everybody federation.public_index = Value::Bool(true), "Public index";
    /// Federates only with the domains on the allow-list.
    admins moderation.allow_list_enabled = Value::Bool(false), "Allow-list";
    /// Publishes the allow-list.
    admins moderation.allow_list_public = Value::Bool(false), "Publish the allow-list";
    /// Types of reports that visitors can make without an account.
    everybody moderation.unauthenticated_report_types = Value::Choices(&["takedown_request", "illegal_content"]), "Reports without an account", Choices::Pairs(REPORT_TYPES);
    /// Introduction and questions of the sign-up form.
    everybody moderation.signup_form_customization = Value::Object, "Sign-up form";
    /// Languages that the moderators understand.
    everybody moderation.languages = Value::Choices(&["en"]), "Languages of the moderators", LANGUAGES;
    /// Name of the pod.
    everybody instance.name = Value::Text(""), "Name";
    /// Description of the pod in one sentence.
    everybody instance.short_description = Value::Text(""), "Summary";
    /// Full description of the pod, for its About page.
    everybody instance.long_description = Value::LongText(""), "About the pod";
    /// Rules and code of conduct of the pod.
    everybody instance.rules = Value::LongText(""), "Rules";
    /// Terms of service and privacy policy.
    everybody instance.terms = Value::LongText(""), "Terms of service";
    /// Email address at which visitors can reach the administrators.
    everybody instance.contact_email = Value::Text(""), "Contact email";
    /// Country in which the server is located.
    everybody instance.location = Value::Choice(""), "Country", COUNTRIES;
    /// Message shown to users occasionally, for example to ask for donations. Markdown is
    /// supported.
    everybody instance.support_message = Value::LongText(""), "Message to users";
    /// Allows anyone to create an account without an invitation.
    everybody users.registration_enabled = Value::Bool(false), "Open registration";
    /// Megabytes that a user can upload, unless the user has a quota of their own.
    everybody users.upload_quota = Value::Int(1000), "Upload quota (MB)";
    /// Federates with other pods.
    admins federation.enabled = Value::Bool(true), "Federation";
    /// Requires an account for browsing and listening.
    admins common.api_authentication_required = Value::Bool(true), "Require authentication";
    /// Enables the Subsonic API for compatible players. Its authentication is less secure.
    everybody subsonic.enabled = Value::Bool(true), "Subsonic API";
    everybody playlists.max_tracks = Value::Int(250), "Maximum number of tracks in a playlist";
    everybody audio.max_channels = Value::Int(20), "Maximum number of channels per user";
}

impl Choices {
    /// The codes with their names, in order.
    pub fn pairs(self) -> Vec<(&'static str, &'static str)> {
        match self {
            Self::Free => Vec::new(),
            Self::Pairs(pairs) => pairs.to_vec(),
            Self::Lines(lines) => lines
                .lines()
                .filter_map(|line| line.split_once('\t'))
                .collect(),
        }
    }
}

impl Preference {
    /// The name that clients use: `section__name`.
    pub fn identifier(&self) -> String {
        format!("{}__{}", self.section, self.name)
    }

    /// The value when none is stored, or null is.
    pub fn initial(&self) -> Json {
        match self.default {
            Value::Bool(value) => value.into(),
            Value::Int(value) => value.into(),
            Value::Text(value) | Value::LongText(value) | Value::Choice(value) => value.into(),
            Value::Choices(values) => values.iter().copied().collect(),
            Value::Object => json!({}),
            Value::File => Json::Null,
        }
    }

    /// Parses a stored value: `True`, `25`, `one,two`. Values that cannot be read count as unset.
    pub fn parse(&self, raw: &str) -> Json {
        match self.default {
            Value::Bool(_) => matches!(raw.trim(), "True" | "true" | "1").into(),
            Value::Int(_) => raw
                .trim()
                .parse::<i64>()
                .map_or_else(|_| self.initial(), Json::from),
            Value::Text(_) | Value::LongText(_) | Value::Choice(_) => raw.into(),
            Value::Choices(_) => raw
                .split(',')
                .map(str::trim)
                .filter(|code| !code.is_empty())
                .collect(),
            Value::Object => serde_json::from_str(raw)
                .ok()
                .filter(Json::is_object)
                .unwrap_or_else(|| self.initial()),
            Value::File if raw.is_empty() => Json::Null,
            Value::File => raw.into(),
        }
    }

    /// The setting in its REST form.
    pub fn body(&self, value: Json) -> Json {
        let (class, widget, input) = self.default.field();
        let choices = self.choices.pairs();
        json!({
            "section": self.section,
            "name": self.name,
            "identifier": self.identifier(),
            "default": self.initial(),
            "value": value,
            "verbose_name": self.title,
            "help_text": Some(self.help).filter(|help| !help.is_empty()),
            "additional_data": if choices.is_empty() { json!({}) } else { json!({ "choices": choices }) },
            "field": { "class": class, "widget": { "class": widget }, "input_type": input },
        })
    }
}

impl Value {
    /// The form field that Funkwhale reports: class of the field, class of its widget, type of the
    /// input.
    fn field(self) -> (&'static str, &'static str, Option<&'static str>) {
        match self {
            Self::Bool(_) => ("BooleanField", "CheckboxInput", Some("checkbox")),
            Self::Int(_) => ("IntegerField", "NumberInput", Some("number")),
            Self::Text(_) => ("CharField", "TextInput", Some("text")),
            Self::LongText(_) => ("CharField", "Textarea", None),
            Self::Choice(_) => ("ChoiceField", "Select", Some("select")),
            Self::Choices(_) => ("MultipleChoiceField", "SelectMultiple", Some("select")),
            Self::Object => ("JSONField", "Textarea", None),
            Self::File => ("FileField", "ImageWidget", Some("file")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(identifier: &str) -> &'static Preference {
        PREFERENCES
            .iter()
            .find(|preference| preference.identifier() == identifier)
            .expect(identifier)
    }

    #[test]
    fn stored_texts_become_values() {
        assert_eq!(
            named("common__api_authentication_required").parse("False"),
            json!(false)
        );
        assert_eq!(named("users__upload_quota").parse("25"), json!(25));
        assert_eq!(named("users__upload_quota").parse(""), json!(1000));
        assert_eq!(named("users__default_permissions").parse(""), json!([]));
        assert_eq!(
            named("moderation__unauthenticated_report_types")
                .parse("illegal_content,takedown_request"),
            json!(["illegal_content", "takedown_request"])
        );
    }

    #[test]
    fn bodies_have_the_shape_of_the_contract() {
        let body = named("playlists__max_tracks").body(json!(3));
        let keys: Vec<_> = body
            .as_object()
            .expect("object")
            .keys()
            .map(String::as_str)
            .collect();
        let expected =
            "section name identifier default value verbose_name help_text additional_data field";
        assert_eq!(keys.join(" "), expected);
        assert_eq!(body["help_text"], Json::Null);
        assert_eq!(PREFERENCES.len(), 37);
        assert_eq!(COUNTRIES.pairs().len(), 249);
    }
}
