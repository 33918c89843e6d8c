//! What directories of podcasts are told of a channel: its categories, its language and its owner.
use async_graphql::{InputObject, SimpleObject};
use isolang::Language;
use poem_openapi::Object;
use serde::{Deserialize, Serialize};

use super::{MetadataChoices, sql::open};
use crate::{
    accounts::check_syntax,
    error::{Error, Result},
    guard::Allowed,
    resources::checks::shorter,
    rest::params::Complaints,
};

/// What directories of podcasts are told of a channel. Podcasts need a category and a language.
#[derive(
    Clone, Debug, Default, PartialEq, Serialize, Deserialize, Object, InputObject, SimpleObject,
)]
#[serde(default)]
#[graphql(name = "ChannelMetadata", input_name = "ChannelMetadataInput")]
#[oai(rename = "ChannelMetadata")]
pub struct Metadata {
    /// Whether it is for adults only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explicit: Option<bool>,
    /// Language, as a code of ISO 639-1 such as `en`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Copyright notice, at most 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copyright: Option<String>,
    /// Name of the owner, at most 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_name: Option<String>,
    /// E-mail address of the owner, which everybody can read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_email: Option<String>,
    /// Category of Apple Podcasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub itunes_category: Option<String>,
    /// Subcategory, of that category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub itunes_subcategory: Option<String>,
}

/// Maximum number of characters of a text.
const LONGEST: usize = 255;

impl Metadata {
    /// Refuses what directories would not take; of podcasts also what they would miss.
    pub fn check(&self, is_podcast: bool) -> Result<()> {
        let mut complaints = Complaints::default();
        if let Err(why) = self.check_language(is_podcast) {
            complaints.add("metadata.language", why);
        }
        if let Err((field, why)) = self.check_category(is_podcast) {
            complaints.add(field, why);
        }
        complaints.check()?;
        let given = |text: &Option<String>| text.clone().unwrap_or_default();
        shorter("metadata.copyright", &given(&self.copyright), LONGEST)?;
        shorter("metadata.owner_name", &given(&self.owner_name), LONGEST)?;
        match given(&self.owner_email).as_str() {
            "" => Ok(()),
            email => check_syntax(email)
                .map_err(|_| Error::field("metadata.owner_email", "Enter a valid email address.")),
        }
    }

    fn check_language(&self, is_needed: bool) -> Result<(), String> {
        match self.language.as_deref() {
            Some(code) if Language::from_639_1(code).is_some() => Ok(()),
            Some(code) => Err(no_choice(code)),
            None if is_needed => Err(MISSING.to_owned()),
            None => Ok(()),
        }
    }

    fn check_category(&self, is_needed: bool) -> Result<(), (&'static str, String)> {
        const FIELD: &str = "metadata.itunes_category";
        let Some(name) = &self.itunes_category else {
            let is_missing = is_needed || self.itunes_subcategory.is_some();
            return match is_missing {
                true => Err((FIELD, MISSING.to_owned())),
                false => Ok(()),
            };
        };
        let found = CATEGORIES.iter().find(|(category, _)| category == name);
        let (_, children) = found.ok_or_else(|| (FIELD, no_choice(name)))?;
        match &self.itunes_subcategory {
            Some(child) if !children.contains(&child.as_str()) => {
                Err(("metadata.itunes_subcategory", no_choice(child)))
            }
            _ => Ok(()),
        }
    }
}

const MISSING: &str = "This field is required.";

fn no_choice(text: &str) -> String {
    format!("\"{text}\" is not a valid choice.")
}

/// What the metadata of a podcast can be.
#[derive(Debug, Serialize, Object, SimpleObject)]
#[graphql(name = "ChannelMetadataChoices")]
#[oai(rename = "ChannelMetadataChoices")]
pub struct Choices {
    /// Languages, by name.
    language: Vec<LanguageChoice>,
    /// Categories of Apple Podcasts, by name.
    itunes_category: Vec<CategoryChoice>,
}

/// A language.
#[derive(Debug, Serialize, Object, SimpleObject)]
pub struct LanguageChoice {
    /// Code of ISO 639-1.
    value: String,
    /// Name in English.
    label: String,
}

/// A category of Apple Podcasts.
#[derive(Debug, Serialize, Object, SimpleObject)]
pub struct CategoryChoice {
    /// Name, as the metadata has it.
    value: String,
    /// Name to show.
    label: String,
    /// Subcategories.
    children: Vec<String>,
}

pub async fn choices(permit: &Allowed<MetadataChoices>) -> Result<Choices> {
    open(permit).await?;
    let languages = isolang::languages().filter_map(|language| {
        Some(LanguageChoice {
            value: language.to_639_1()?.to_owned(),
            label: language.to_name().to_owned(),
        })
    });
    let mut language: Vec<_> = languages.collect();
    language.sort_by(|one, other| one.label.cmp(&other.label));
    let categories = CATEGORIES.iter().map(|(name, children)| CategoryChoice {
        value: (*name).to_owned(),
        label: (*name).to_owned(),
        children: children.iter().map(|child| (*child).to_owned()).collect(),
    });
    Ok(Choices {
        language,
        itunes_category: categories.collect(),
    })
}

/// The categories of Apple Podcasts, each with its subcategories.
const CATEGORIES: &[(&str, &[&str])] = &[
    (
        "Arts",
        &[
            "Books",
            "Design",
            "Fashion & Beauty",
            "Food",
            "Performing Arts",
            "Visual Arts",
        ],
    ),
    (
        "Business",
        &[
            "Careers",
            "Entrepreneurship",
            "Investing",
            "Management",
            "Marketing",
            "Non-Profit",
        ],
    ),
    ("Comedy", &["Comedy Interviews", "Improv", "Stand-Up"]),
    (
        "Education",
        &["Courses", "How To", "Language Learning", "Self-Improvement"],
    ),
    ("Fiction", &["Comedy Fiction", "Drama", "Science Fiction"]),
    ("Government", &[]),
    (
        "Health & Fitness",
        &[
            "Alternative Health",
            "Fitness",
            "Medicine",
            "Mental Health",
            "Nutrition",
            "Sexuality",
        ],
    ),
    ("History", &[]),
    (
        "Kids & Family",
        &[
            "Education for Kids",
            "Parenting",
            "Pets & Animals",
            "Stories for Kids",
        ],
    ),
    (
        "Leisure",
        &[
            "Animation & Manga",
            "Automotive",
            "Aviation",
            "Crafts",
            "Games",
            "Hobbies",
            "Home & Garden",
            "Video Games",
        ],
    ),
    (
        "Music",
        &["Music Commentary", "Music History", "Music Interviews"],
    ),
    (
        "News",
        &[
            "Business News",
            "Daily News",
            "Entertainment News",
            "News Commentary",
            "Politics",
            "Sports News",
            "Tech News",
        ],
    ),
    (
        "Religion & Spirituality",
        &[
            "Buddhism",
            "Christianity",
            "Hinduism",
            "Islam",
            "Judaism",
            "Religion",
            "Spirituality",
        ],
    ),
    (
        "Science",
        &[
            "Astronomy",
            "Chemistry",
            "Earth Sciences",
            "Life Sciences",
            "Mathematics",
            "Natural Sciences",
            "Nature",
            "Physics",
            "Social Sciences",
        ],
    ),
    (
        "Society & Culture",
        &[
            "Documentary",
            "Personal Journals",
            "Philosophy",
            "Places & Travel",
            "Relationships",
        ],
    ),
    (
        "Sports",
        &[
            "Baseball",
            "Basketball",
            "Cricket",
            "Fantasy Sports",
            "Football",
            "Golf",
            "Hockey",
            "Rugby",
            "Running",
            "Soccer",
            "Swimming",
            "Tennis",
            "Volleyball",
            "Wilderness",
            "Wrestling",
        ],
    ),
    ("Technology", &[]),
    ("True Crime", &[]),
    (
        "TV & Film",
        &[
            "After Shows",
            "Film History",
            "Film Interviews",
            "Film Reviews",
            "TV Reviews",
        ],
    ),
];
