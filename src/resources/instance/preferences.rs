//! The settings that administrators may change while the pod runs, with what they are before
//! anybody changed them.
use serde_json::{Value as Json, json};

/// One setting of the pod that its administrators may change while it runs.
#[derive(Clone, Copy, Debug)]
pub struct Preference {
    pub section: &'static str,
    pub name: &'static str,
    /// What it is before anybody set it; also tells what kind of value it takes.
    pub default: Value,
    /// Whether `GET /api/v1/instance/settings` tells it to everybody.
    pub public: bool,
    pub title: &'static str,
    /// One or two sentences, or nothing where the title says it all.
    pub help: &'static str,
    /// What a value may be picked from.
    pub choices: Choices,
}

/// The kind of a setting, with its value before anybody set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    Bool(bool),
    Int(i64),
    /// One line of text.
    Text(&'static str),
    /// Text of several lines.
    LongText(&'static str),
    /// One of the choices, or an empty text.
    Choice(&'static str),
    /// Any number of the choices.
    Choices(&'static [&'static str]),
    /// A JSON object, at first an empty one.
    Object,
    /// The path of a file in the media folder, at first none.
    File,
}

/// What may be picked for a setting: codes and their names.
#[derive(Clone, Copy, Debug)]
pub enum Choices {
    /// The setting is not one to pick for.
    Free,
    Pairs(&'static [(&'static str, &'static str)]),
    /// One choice a line: the code, a tab, the name.
    Lines(&'static str),
}

/// What a report may be about: its type and label.
pub const REPORT_TYPES: &[(&str, &str)] = &[
    ("takedown_request", "Takedown request"),
    ("invalid_metadata", "Invalid metadata"),
    ("illegal_content", "Illegal content"),
    ("offensive_content", "Offensive content"),
    ("other", "Other"),
];

/// The rights of staff that a user may be given.
const PERMISSIONS: Choices = Choices::Pairs(&[
    ("moderation", "Moderation"),
    ("library", "Library"),
    ("settings", "Settings"),
]);
/// ISO 3166-1 countries, by their two letters.
const COUNTRIES: Choices = Choices::Lines(include_str!("countries.tsv"));
/// ISO 639-1 languages, by their two letters.
const LANGUAGES: Choices = Choices::Lines(include_str!("languages.tsv"));

/// Declares the settings: the help, who may read it, `section.name`, the default and the title.
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
    /// New accounts can be used only after a moderator has accepted them.
    everybody moderation.signup_approval_enabled = Value::Bool(false), "Moderators accept new accounts";
    /// Rights that every account has, beside those it is given by name.
    everybody users.default_permissions = Value::Choices(&[]), "Rights of every account", PERMISSIONS;
    /// Now and then invites users of this pod to support the Funkwhale project.
    everybody instance.funkwhale_support_message_enabled = Value::Bool(true), "Invite to support Funkwhale";
    /// Asks the services that count and list pods to leave this one out. They may not comply.
    admins instance.nodeinfo_private = Value::Bool(false), "Stay out of public listings";
    /// Tells how many users, artists, albums and tracks there are, and how much is listened to.
    admins instance.nodeinfo_stats_enabled = Value::Bool(true), "Publish statistics";
    /// A wide picture for the front page, best 600 by 100 pixels or larger.
    everybody instance.banner = Value::File, "Banner";
    /// Style rules added to every page of the web application.
    everybody ui.custom_css = Value::LongText(""), "Extra CSS";
    /// Lets users publish channels and subscribe to them.
    everybody audio.channels_enabled = Value::Bool(true), "Channels";
    /// Converts audio to the format or bitrate that a player asks for, at the cost of processor time.
    everybody music.transcoding_enabled = Value::Bool(true), "Transcoding";
    /// Minutes after which a converted file that nobody listened to is removed.
    everybody music.transcoding_cache_duration = Value::Int(10_080), "Lifetime of transcoded files";
    /// Refuses new uploads whose tags hold no MusicBrainz id. Earlier uploads stay as they are.
    everybody music.only_allow_musicbrainz_tagged_files = Value::Bool(false), "Require MusicBrainz ids";
    /// Once a month, takes the genres of MusicBrainz over as tags.
    everybody music.musicbrainz_genre_update = Value::Bool(true), "Tags from MusicBrainz genres";
    /// Looks up the tags of uploads that hold a MusicBrainz id, and gives them to artist, album and track.
    everybody music.sync_musicbrainz_tags = Value::Bool(false), "Tags from MusicBrainz entries";
    /// Minutes after which the copy of another pod's file that nobody listened to is removed.
    everybody federation.music_cache_duration = Value::Int(2880), "Lifetime of copies from other pods";
    /// How many items other pods are sent at a time.
    admins federation.collection_page_size = Value::Int(50), "Page size for other pods";
    /// Minutes for which what is known of another pod's account counts as fresh.
    admins federation.actor_fetch_delay = Value::Int(720), "Freshness of remote accounts";
    /// Lists public channels and libraries for other pods and for crawlers.
    everybody federation.public_index = Value::Bool(true), "Public index";
    /// Exchanges with the domains on the list of allowed ones, and with no others.
    admins moderation.allow_list_enabled = Value::Bool(false), "Only allowed domains";
    /// Shows everybody which domains are allowed.
    admins moderation.allow_list_public = Value::Bool(false), "Publish the allowed domains";
    /// What people without an account may report.
    everybody moderation.unauthenticated_report_types = Value::Choices(&["takedown_request", "illegal_content"]), "Reports by visitors", Choices::Pairs(REPORT_TYPES);
    /// Questions that people are asked when they sign up, with an introduction.
    everybody moderation.signup_form_customization = Value::Object, "Sign-up form";
    /// What moderators read, so that people know how to write to them.
    everybody moderation.languages = Value::Choices(&["en"]), "Languages of the moderators", LANGUAGES;
    /// What this pod is called.
    everybody instance.name = Value::Text(""), "Name";
    /// The pod in one sentence.
    everybody instance.short_description = Value::Text(""), "Summary";
    /// The pod in full, for the page about it.
    everybody instance.long_description = Value::LongText(""), "About the pod";
    /// How people are to behave here.
    everybody instance.rules = Value::LongText(""), "House rules";
    /// The terms of use, and what is done with personal data.
    everybody instance.terms = Value::LongText(""), "Terms";
    /// Where visitors can write to the people who run the pod.
    everybody instance.contact_email = Value::Text(""), "Contact";
    /// Where the server stands.
    everybody instance.location = Value::Choice(""), "Country", COUNTRIES;
    /// Shown to users now and then, for instance to ask for donations. May hold markdown.
    everybody instance.support_message = Value::LongText(""), "Message to users";
    /// Lets visitors make an account without an invitation.
    everybody users.registration_enabled = Value::Bool(false), "Open registration";
    /// Megabytes that each user may upload, where the account has no limit of its own.
    everybody users.upload_quota = Value::Int(1000), "Upload quota (MB)";
    /// Exchanges music and follows with other pods.
    admins federation.enabled = Value::Bool(true), "Federation";
    /// Visitors without an account can neither browse nor listen.
    admins common.api_authentication_required = Value::Bool(true), "Closed to visitors";
    /// Lets Subsonic players in. Their protocol protects passwords less well.
    everybody subsonic.enabled = Value::Bool(true), "Subsonic API";
    everybody playlists.max_tracks = Value::Int(250), "Most tracks in a playlist";
    everybody audio.max_channels = Value::Int(20), "Most channels of a user";
}

impl Choices {
    /// The codes and names, in order.
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
    /// How clients name it: `section__name`.
    pub fn identifier(&self) -> String {
        format!("{}__{}", self.section, self.name)
    }

    /// Its value before anybody set it, and where the stored one is null.
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

    /// The value behind the text that is stored: `True`, `25`, `one,two`. What cannot be read
    /// counts as never set.
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

    /// The setting as the REST API shows it.
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
    /// How a form asks for it: the class of the field, the class of its widget, the type of the input.
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
