//! The templates of pages, rendered by minijinja, which escapes all values.
use std::sync::LazyLock;

use minijinja::{Environment, Value};

use super::assets;
use crate::error::{Error, Result};

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_loader(|name| Ok(assets::page(name)));
    environment
});

/// Renders a template.
pub fn render(name: &str, facts: Value) -> Result<String> {
    let template = TEMPLATES.get_template(name).map_err(Error::internal)?;
    template.render(facts).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    #[test]
    fn what_people_wrote_stays_text() {
        let facts = context! { title => "<script>{{x}}", text => "\" '" };
        let page = render("message.html", facts).unwrap();
        assert!(page.contains("<h1>&lt;script&gt;{{x}}</h1>"), "{page}");
        assert!(page.contains("<p>&quot; &#x27;</p>"), "{page}");
    }

    #[test]
    fn every_template_is_well_formed() {
        for name in assets::pages() {
            TEMPLATES
                .get_template(&name)
                .unwrap_or_else(|error| panic!("{name}: {error:#}"));
        }
    }
}
