//! What every page loads: the style sheet and the scripts, under their names of this build.
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
    /// The nonce of a page comes between any two.
    parts: Arc<[String]>,
}

impl Head {
    /// Reads the names; once in a program. The nonce only marks where that of each page comes.
    pub fn read(options: &LeptosOptions, nonce: &Nonce) -> Self {
        let (style, scripts) = (options.clone(), options.clone());
        let html = Owner::new().with(|| {
            provide_context(nonce.clone());
            view! {
                <HashedStylesheet options=style id="balie"/>
                <HydrationScripts options=scripts islands=true/>
            }
            .to_html()
        });
        Self { parts: html.split(&**nonce.as_inner()).map(str::to_owned).collect() }
    }

    /// It, with the nonce of the page that is rendered.
    pub(crate) fn view(&self) -> impl IntoView + use<> {
        // What is in no island does not wake.
        if let Some(shared) = Owner::current_shared_context() {
            shared.set_is_hydrating(false);
        }
        let nonce = use_nonce();
        InertElement::new(self.parts.join(nonce.as_ref().map_or("", |nonce| nonce.as_inner())))
    }
}
