//! Web pages: the start page, the API explorers, the embedded player; signing in, authorizing
//! applications, and account settings. Pages load everything from this server. Forms work without
//! scripts and perform the same operations as the API.
/// Adds pages to routes, each with the frame around it.
macro_rules! pages {
    ($route:ident: $($path:literal => $endpoint:expr,)+) => {
        $route$(.at($path, poem::EndpointExt::with($endpoint, $crate::web::frame::Framed)))+
    };
}

mod applications;
mod assets;
mod authorize;
mod device;
mod frame;
mod manage;
mod openid;
mod pages;
mod recovery;
mod settings;
mod sign_in;
mod sign_up;
mod templates;
mod visit;

use poem::{Route, get, post};

pub use self::assets::Assets;

/// Adds the pages to the server's routes.
pub fn routes(route: Route) -> Route {
    let route = manage::routes(route);
    pages! { route:
        "/" => get(pages::start),
        "/graphiql" => get(pages::graphiql),
        "/api/v1/docs" => get(pages::docs),
        "/api/v1/docs/oauth2-redirect" => get(pages::signed_in),
        "/embed.html" => get(pages::embed),
        "/front/embed.html" => get(pages::embed),
        "/login" => get(sign_in::page).post(sign_in::sign_in),
        "/login/openid" => get(openid::leave),
        "/login/openid/callback" => get(openid::come_back),
        "/logout" => post(sign_in::sign_out),
        "/signup" => get(sign_up::page).post(sign_up::sign_up),
        "/setup" => get(sign_up::setup_page).post(sign_up::set_up),
        "/password/reset" => get(recovery::page).post(recovery::ask),
        "/auth/password/reset/confirm" => get(recovery::new_page),
        "/password/new" => post(recovery::set),
        "/auth/email/confirm" => get(recovery::email_page).post(recovery::confirm_email),
        "/authorize" => get(authorize::page).post(authorize::decide),
        "/device" => get(device::page).post(device::decide),
        "/settings" => get(settings::page),
        "/settings/profile" => post(settings::profile),
        "/settings/email" => post(settings::email),
        "/settings/password" => post(settings::password),
        "/settings/sessions/revoke" => post(settings::end_others),
        "/settings/sessions/:id/revoke" => post(settings::end_session),
        "/settings/players/token" => post(settings::new_player_token),
        "/settings/players/token/delete" => post(settings::end_player_token),
        "/settings/grants/:client_id/revoke" => post(settings::revoke_grant),
        "/settings/delete" => post(settings::delete),
        "/settings/applications" => get(applications::list),
        "/settings/applications/new" => get(applications::new_page).post(applications::create),
        "/settings/applications/:client_id" => get(applications::page).post(applications::update),
        "/settings/applications/:client_id/token" => post(applications::rotate),
        "/settings/applications/:client_id/delete" => post(applications::delete),
    }
}
