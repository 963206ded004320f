//! What every page loads: the style sheet and the scripts, under their names of this build.
//!
//! There are two programs for the browser: the portal's, and the larger one of staff, which has the board too.
//!
//! Invariant: a page reads no file. The names are read once, so that a page is there too where no file can be opened.

use leptos::config::LeptosOptions;
use leptos::nonce::{Nonce, use_nonce};
use leptos::prelude::*;
use leptos::tachys::html::InertElement;
use leptos_meta::HashedStylesheet;
use std::sync::Arc;

/// The markup of what every page loads.
#[derive(Debug, Clone)]
pub struct Head {
    portal: Markup,
    staff: Markup,
}

/// Markup in which the nonce of a page comes between any two parts.
type Markup = Arc<[String]>;

/// The name of the portal's program.
const PORTAL: &str = "portal";

impl Head {
    /// Reads the names; once in a program. The nonce only marks where that of each page comes.
    ///
    /// Where the build is watched there is one program, for everyone.
    pub fn read(options: &LeptosOptions, nonce: &Nonce, is_watched: bool) -> Self {
        let mut portal = options.clone();
        portal.output_name = options.output_name.replacen("balie", PORTAL, 1).into();
        let markup = |scripts: &LeptosOptions| {
            let (style, scripts) = (options.clone(), scripts.clone());
            let html = Owner::new().with(|| {
                provide_context(nonce.clone());
                view! {
                    <HashedStylesheet options=style id="balie"/>
                    <HydrationScripts options=scripts islands=true/>
                }
                .to_html()
            });
            html.split(&**nonce.as_inner()).map(str::to_owned).collect()
        };
        Self { portal: markup(if is_watched { options } else { &portal }), staff: markup(options) }
    }

    /// It, with the nonce of the page that is rendered.
    pub(super) fn view(&self, is_staff: bool) -> impl IntoView + use<> {
        // What is in no island does not wake.
        if let Some(shared) = Owner::current_shared_context() {
            shared.set_is_hydrating(false);
        }
        let nonce = use_nonce();
        let parts = if is_staff { &self.staff } else { &self.portal };
        InertElement::new(parts.join(nonce.as_ref().map_or("", |nonce| nonce.as_inner())))
    }
}
