//! Query parameters. A type defines their parsing, their documentation and the GraphQL input.
mod pairs;
mod values;

pub use self::{
    pairs::Pairs,
    values::{Param, Scalar},
};
use crate::error::{Error, Result};
use indexmap::IndexMap;
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::registry::{MetaOperationParam, MetaParamIn, MetaSchema, MetaSchemaRef};

/// Errors of parameters, collected so that all are reported at once.
#[derive(Default)]
pub struct Complaints(IndexMap<String, Vec<String>>);

impl Complaints {
    pub fn add(&mut self, name: &str, complaint: String) {
        self.0.entry(name.to_owned()).or_default().push(complaint);
    }

    pub fn check(self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(self.0))
        }
    }
}

/// The title of a reference to an object in the OpenAPI document, by which complaints tell it from other
/// numbers.
pub const REFERENCE: &str = "Reference";

/// Query parameters for the OpenAPI document.
pub trait Docs {
    fn docs() -> Vec<ParamDoc>;
}

/// A group of query parameters.
pub trait Params: Docs + Sized {
    fn read(pairs: &Pairs, complaints: &mut Complaints) -> Self;
}

/// The query parameters of a request as a `P`. What is wrong with them is told together.
#[derive(Clone, Debug)]
pub struct Parameters<P>(pub P);

impl<'a, P: Params + Send> FromRequest<'a> for Parameters<P> {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let pairs = Pairs::parse(request.uri().query().unwrap_or_default())?;
        Ok(Self::of(&pairs)?)
    }
}

impl<P: Params> Parameters<P> {
    /// # Errors
    /// `Invalid`, by parameter.
    pub fn of(pairs: &Pairs) -> Result<Self> {
        let mut complaints = Complaints::default();
        let read = P::read(pairs, &mut complaints);
        complaints.check()?;
        Ok(Self(read))
    }
}

/// A query parameter in the OpenAPI document.
pub struct ParamDoc {
    pub name: &'static str,
    pub about: &'static str,
    pub schema: MetaSchema,
}

impl ParamDoc {
    pub fn into_meta(self) -> MetaOperationParam {
        MetaOperationParam {
            name: self.name.to_owned(),
            schema: MetaSchemaRef::Inline(Box::new(self.schema)),
            in_type: MetaParamIn::Query,
            description: Some(self.about.trim().to_owned()),
            required: false,
            deprecated: false,
            explode: true,
            style: None,
        }
    }
}

/// Declares an enumeration: a REST value, a GraphQL enum and a text column in one.
macro_rules! choices {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])+ $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum, poem_openapi::Enum,
            serde::Serialize, sqlx::Type)]
        #[sqlx(type_name = "text")]
        pub enum $name {
            $($(#[$doc])+ #[oai(rename = $word)] #[serde(rename = $word)] #[sqlx(rename = $word)] $variant,)+
        }

        impl $name {
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl $crate::rest::params::Scalar for $name {
            fn schema() -> poem_openapi::registry::MetaSchema {
                let mut schema = poem_openapi::registry::MetaSchema::new("string");
                schema.enum_items = vec![$($word.into(),)+];
                schema
            }

            fn read(value: &str) -> Result<Option<Self>, String> {
                match value {
                    $($word => Ok(Some(Self::$variant)),)+
                    _ => Err($crate::rest::params::no_choice(value)),
                }
            }
        }

        impl From<$name> for $crate::store::Value {
            fn from(choice: $name) -> Self {
                choice.word().into()
            }
        }
    };
}
pub(crate) use choices;

pub fn no_choice(value: &str) -> String {
    format!("Select a valid choice. {value} is not one of the available choices.")
}

/// Declares a filter: REST query parameters and a GraphQL input object in one. `= "name"` gives the
/// REST parameter another name than the field.
macro_rules! filter {
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
    ($(#[$meta:meta])* pub struct $filter:ident {
        $($(#[doc = $doc:literal])+ $field:ident: $type:ty $(= $name:literal)?,)+
    } $(shares $($shared:ident),+)?) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, async_graphql::InputObject)]
        pub struct $filter {
            $($(#[doc = $doc])+ pub $field: $type,)+
            /// At least one of these filters must match too. At most 5, which have no `or` themselves.
            pub or: Option<Vec<Self>>,
        }

        impl $crate::rest::params::Alternatives for $filter {
            fn or(&self) -> Option<&[Self]> {
                self.or.as_deref()
            }

            fn share(&self, other: &mut Self) -> bool {
                // Few filters have such fields.
                let _ = &other;
                let is_alone = true $($(&& other.$shared.is_none())+)?;
                $($(other.$shared = self.$shared;)+)?
                is_alone
            }
        }

        impl $crate::rest::params::Docs for $filter {
            fn docs() -> Vec<$crate::rest::params::ParamDoc> {
                vec![$($crate::rest::params::ParamDoc {
                    name: $crate::rest::params::filter!(@name $field $($name)?),
                    about: concat!($($doc),+),
                    schema: <$type as $crate::rest::params::Param>::schema(),
                },)+]
            }
        }

        impl $crate::rest::params::Params for $filter {
            fn read(
                pairs: &$crate::rest::params::Pairs,
                complaints: &mut $crate::rest::params::Complaints,
            ) -> Self {
                use $crate::rest::params::Param;
                Self {
                    $($field: {
                        let name = $crate::rest::params::filter!(@name $field $($name)?);
                        <$type as Param>::read(&pairs.all(name)).unwrap_or_else(|complaint| {
                            complaints.add(name, complaint);
                            Default::default()
                        })
                    },)+
                    or: None,
                }
            }
        }
    };
}
pub(crate) use filter;

/// Filters of which one must match, in GraphQL.
pub trait Alternatives: Clone {
    fn or(&self) -> Option<&[Self]>;

    /// Gives another filter what holds for all of them: that which widens a list. Whether the other one
    /// did not say it itself.
    fn share(&self, other: &mut Self) -> bool;

    /// The filters of `or`; `None` if it is not given.
    ///
    /// # Errors
    /// `Invalid` if there are too many, alternatives within alternatives, or what holds for all of them.
    fn alternatives(&self) -> Result<Option<Vec<Self>>> {
        const MOST: usize = 5;
        let Some(others) = self.or() else {
            return Ok(None);
        };
        if others.len() > MOST {
            return Err(Error::field(
                "or",
                format!("At most {MOST} filters are allowed."),
            ));
        }
        if others.iter().any(|other| other.or().is_some()) {
            return Err(Error::field("or", "A filter of `or` has no `or` itself."));
        }
        let mut others = others.to_vec();
        if !others.iter_mut().all(|other| self.share(other)) {
            let complaint =
                "`hidden` and `includeChannels` hold for all filters: give them beside `or`.";
            return Err(Error::field("or", complaint));
        }
        Ok(Some(others))
    }
}

/// A field that a list can be sorted by.
pub trait OrderField: Copy + Sized + 'static {
    /// Every field with its REST name.
    const ALL: &'static [(&'static str, Self)];
    /// How unknown names are handled.
    const OTHERS: Others = Others::Refused;
}

/// How unknown names in `ordering` are handled; Funkwhale does both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    Refused,
    Ignored,
}

macro_rules! others {
    (ignored) => {
        $crate::rest::params::Others::Ignored
    };
}
pub(crate) use others;

/// A term of an ordering.
pub trait Order: Sized {
    type Field: OrderField;
    fn new(field: Self::Field, descending: bool) -> Self;
}

/// Parses `ordering=-creation_date,title`.
pub fn read_ordering<O: Order>(pairs: &Pairs, complaints: &mut Complaints) -> Vec<O> {
    let mut order = Vec::new();
    let terms = pairs.last("ordering").unwrap_or_default().split(',');
    for term in terms.filter(|term| !term.is_empty()) {
        let (name, descending) = term
            .strip_prefix('-')
            .map_or((term, false), |name| (name, true));
        match O::Field::ALL.iter().find(|(known, _)| *known == name) {
            Some((_, field)) => order.push(O::new(*field, descending)),
            None if O::Field::OTHERS == Others::Ignored => {}
            None => complaints.add("ordering", no_choice(term)),
        }
    }
    order
}

pub fn ordering_doc<O: Order>() -> ParamDoc {
    let mut word = MetaSchema::new("string");
    let both = |(name, _): &(&'static str, O::Field)| [(*name).to_owned(), format!("-{name}")];
    let words: Vec<_> = O::Field::ALL.iter().flat_map(both).collect();
    word.pattern = Some(format!("^({0})(,({0}))*$", words.join("|")));
    ParamDoc {
        name: "ordering",
        about: "Fields to sort by, separated by commas; prefix `-` for descending order.",
        schema: word,
    }
}

/// Declares the orderings of a list: the REST parameter `ordering`, and an input object and enum of
/// GraphQL. With `others ignored`, REST ignores unknown names instead of refusing them; with `shuffled by seed`,
/// GraphQL takes a seed for a random order.
macro_rules! ordering {
    ($(#[$meta:meta])* pub struct $order:ident by $field:ident {
        $($(#[$doc:meta])+ $variant:ident = $name:literal,)+
    } $(others $lenient:ident)? $(shuffled by $seed:ident)?) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum)]
        pub enum $field { $($(#[$doc])+ $variant,)+ }

        impl $crate::rest::params::OrderField for $field {
            const ALL: &'static [(&'static str, Self)] = &[$(($name, Self::$variant),)+];
            $(const OTHERS: $crate::rest::params::Others = $crate::rest::params::others!($lenient);)?
        }

        $(#[$meta])*
        #[derive(Clone, Copy, Debug, async_graphql::InputObject)]
        pub struct $order {
            /// Field to sort by.
            pub field: $field,
            /// Sort direction; ascending by default.
            pub direction: $crate::graphql::input::Defaulted<$crate::store::listing::Direction>,
            $(
                /// For `RANDOM`: any number. The same number gives the same order, whose pages then belong
                /// together; without it, each request has an order of its own.
                pub $seed: Option<i32>,
            )?
        }

        impl $crate::rest::params::Order for $order {
            type Field = $field;

            fn new(field: $field, descending: bool) -> Self {
                let direction = $crate::store::listing::Direction::of(descending);
                Self { field, direction: $crate::graphql::input::Defaulted(direction) $(, $seed: None)? }
            }
        }
    };
}
pub(crate) use ordering;
