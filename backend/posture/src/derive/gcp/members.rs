//! Who a member of a binding is: everybody, an account of this project, one of Google's own agents, or a stranger.

use super::project::Project;

/// True for members that stand for everybody on the internet; with an account of Google's or without one, which
/// everybody can have.
pub(super) fn is_public(member: &str) -> bool {
    matches!(member, "allUsers" | "allAuthenticatedUsers")
}

/// The address of a service account that exists, in lower case.
pub(super) fn account(member: &str) -> Option<String> {
    member.strip_prefix("serviceAccount:").map(str::to_ascii_lowercase)
}

/// True for the accounts with which Google's services act for the project. Nobody else can use them.
pub(super) fn is_agent(email: &str) -> bool {
    let Some((name, domain)) = email.split_once('@') else { return false };
    let numbered = |rest: &str| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit());
    if name.strip_prefix("service-").is_some_and(numbered) {
        return true;
    }
    match domain {
        "developer.gserviceaccount.com" | "appspot.gserviceaccount.com" => false,
        domain if domain.ends_with(".iam.gserviceaccount.com") => domain.starts_with("gcp-sa-"),
        domain => domain.ends_with("gserviceaccount.com"),
    }
}

/// True for service accounts that belong to the project.
pub(super) fn is_own(email: &str, project: &Project) -> bool {
    let Some((name, domain)) = email.split_once('@') else { return false };
    match domain {
        "developer.gserviceaccount.com" => {
            project.number.is_some() && name.strip_suffix("-compute") == project.number.as_deref()
        }
        "appspot.gserviceaccount.com" => name == project.id,
        domain => domain.strip_suffix(".iam.gserviceaccount.com").is_some_and(|owner| {
            // The id of a project in a domain of its own, `example.com:shop`, is turned round in addresses.
            let turned = project.id.split_once(':').map(|(domain, name)| format!("{name}.{domain}"));
            owner == project.id || turned.as_deref() == Some(owner)
        }),
    }
}

/// True for members that certainly stand outside of the project and of its organisation: service accounts of other
/// projects, and mail addresses that anybody can have. Whose a group or a domain is cannot be told from its name.
pub(super) fn is_foreign(member: &str, project: &Project) -> bool {
    if let Some(email) = account(member) {
        return !(is_agent(&email) || is_own(&email, project) || is_uncertain(member, project));
    }
    let person = member.strip_prefix("user:").map(str::to_ascii_lowercase);
    person.is_some_and(|mail| mail.ends_with("@gmail.com") || mail.ends_with("@googlemail.com"))
}

/// True for default accounts where nobody can tell whose they are, since they are named by a project's number and this
/// project's own could not be read.
pub(super) fn is_uncertain(member: &str, project: &Project) -> bool {
    let numbered = |email: String| email.ends_with("-compute@developer.gserviceaccount.com");
    project.number.is_none() && account(member).is_some_and(numbered)
}

/// True where a binding to `member` gives its role to the service account as well.
pub(super) fn includes(member: &str, email: &str, project: &Project) -> bool {
    if is_public(member) {
        return true;
    }
    if let Some(named) = account(member) {
        return named == email;
    }
    let set = member.strip_prefix("principalSet://cloudresourcemanager.googleapis.com/");
    let Some(owner) = set.and_then(|set| set.strip_suffix("/type/ServiceAccount")) else { return false };
    let own = project.number.is_some() && owner.strip_prefix("projects/") == project.number.as_deref();
    (own || project.ancestors.iter().any(|ancestor| *ancestor == owner)) && is_own(email, project)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> Project {
        Project {
            id: "shop".to_owned(),
            number: Some("100200300".to_owned()),
            ancestors: vec!["folders/1".to_owned()],
        }
    }

    #[test]
    fn accounts_are_own_foreign_or_agents() {
        for own in [
            "orders@shop.iam.gserviceaccount.com",
            "100200300-compute@developer.gserviceaccount.com",
            "shop@appspot.gserviceaccount.com",
        ] {
            assert!(
                is_own(own, &project()) && !is_foreign(&format!("serviceAccount:{own}"), &project()),
                "{own}"
            );
        }
        for foreign in [
            "serviceAccount:orders@other.iam.gserviceaccount.com",
            "serviceAccount:999-compute@developer.gserviceaccount.com",
            "user:somebody@gmail.com",
        ] {
            assert!(is_foreign(foreign, &project()), "{foreign}");
        }
        for other in [
            "serviceAccount:service-100200300@gcp-sa-pubsub.iam.gserviceaccount.com",
            "serviceAccount:100200300@cloudbuild.gserviceaccount.com",
            "user:ada@example.com",
            "group:ops@example.com",
            "deleted:serviceAccount:old@other.iam.gserviceaccount.com?uid=1",
        ] {
            assert!(!is_foreign(other, &project()), "{other}");
        }
        let unnumbered = Project { number: None, ..project() };
        assert!(!is_foreign("serviceAccount:999-compute@developer.gserviceaccount.com", &unnumbered));
    }

    #[test]
    fn sets_of_service_accounts_include_those_of_the_project() {
        let set = |owner: &str| {
            format!("principalSet://cloudresourcemanager.googleapis.com/{owner}/type/ServiceAccount")
        };
        let email = "orders@shop.iam.gserviceaccount.com";
        assert!(includes(&set("projects/100200300"), email, &project()));
        assert!(includes(&set("folders/1"), email, &project()));
        assert!(!includes(&set("folders/2"), email, &project()));
        assert!(!includes(&set("projects/100200300"), "a@other.iam.gserviceaccount.com", &project()));
        assert!(includes("serviceAccount:Orders@shop.iam.gserviceaccount.com", email, &project()));
        assert!(includes("allUsers", email, &project()));
        assert!(!includes("group:all@example.com", email, &project()));
    }
}
