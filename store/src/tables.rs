//! The tables as SeaORM entities. Moments are milliseconds since 1970; enums are their codes of `domain`.

macro_rules! table {
    ($(#[$doc:meta])* $module:ident, $name:literal, { $($(#[$attr:meta])* $field:ident: $kind:ty),* $(,)? }) => {
        $(#[$doc])*
        pub mod $module {
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            #[sea_orm(table_name = $name)]
            pub struct Model { $($(#[$attr])* pub $field: $kind),* }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

table!(organisation, "organisation", {
    #[sea_orm(primary_key)] id: i64,
    name: String,
    #[sea_orm(column_type = "Text")] sort_key: String,
    created_at: i64,
    sign_up: bool,
    shared: bool,
    #[sea_orm(column_type = "Text")] notes: String,
});
table!(department, "department", {
    #[sea_orm(primary_key)] id: i64,
    name: String,
    closed: bool,
    screenshot: bool,
    position: i32,
});
table!(person, "person", {
    #[sea_orm(primary_key)] id: i64,
    name: String,
    #[sea_orm(column_type = "Text")] sort_key: String,
    #[sea_orm(unique)] email: String,
    role: String,
    organisation_id: Option<i64>,
    key_user: bool,
    #[sea_orm(column_type = "Text", nullable)] password_hash: Option<String>,
    language: Option<String>,
    theme: String,
    time_zone: String,
    disabled_at: Option<i64>,
    created_at: i64,
});
table!(session, "session", {
    #[sea_orm(primary_key, auto_increment = false)] id: String,
    person_id: i64,
    created_at: i64,
    seen_at: i64,
    expires_at: i64,
    #[sea_orm(column_type = "Text")] device: String,
    #[sea_orm(column_type = "Text")] address: String,
});
table!(ticket, "ticket", {
    #[sea_orm(primary_key)] id: i64,
    #[sea_orm(column_type = "Text")] subject: String,
    #[sea_orm(column_type = "Text", nullable)] link: Option<String>,
    status: i16,
    urgency: i16,
    department_id: i64,
    organisation_id: Option<i64>,
    requester_id: i64,
    assignee_id: Option<i64>,
    #[sea_orm(column_type = "Text")] tags: String,
    opened_at: i64,
    updated_at: i64,
    settled_at: Option<i64>,
    settled: bool,
    messages: i32,
    files: i32,
    last_word: i16,
    follows: Option<i64>,
    version: i64,
    submission: Option<String>,
    #[sea_orm(column_type = "Text", nullable)] clock: Option<String>,
    #[sea_orm(column_type = "Text", nullable)] due: Option<String>,
    place: i64,
    around_the_clock: bool,
    tick_at: Option<i64>,
});
table!(message, "message", {
    #[sea_orm(primary_key)] id: i64,
    ticket_id: i64,
    author_id: i64,
    note: bool,
    #[sea_orm(column_type = "Text")] text: String,
    #[sea_orm(column_type = "Text")] html: String,
    created_at: i64,
    submission: Option<String>,
});
table!(attachment, "attachment", {
    #[sea_orm(primary_key, auto_increment = false)] id: String,
    owner_id: i64,
    ticket_id: Option<i64>,
    message_id: Option<i64>,
    #[sea_orm(column_type = "Text")] name: String,
    size: i64,
    image: bool,
    created_at: i64,
});
table!(event, "event", {
    #[sea_orm(primary_key, auto_increment = false)] n: i64,
    at: i64,
    ticket_id: i64,
    by_id: Option<i64>,
    public: bool,
    #[sea_orm(column_type = "Text")] what: String,
});
