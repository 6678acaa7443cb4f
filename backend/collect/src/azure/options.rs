//! What a target of Azure is told.

use std::fmt;
use std::str::FromStr;

use nephoscope_model::ident::UnknownName;

use crate::Asking;

/// How an Azure target is reached and read.
#[derive(Clone)]
pub struct AzureOptions {
    /// Which of Microsoft's clouds.
    pub cloud: AzureCloud,
    /// Where credentials come from.
    pub auth: AzureAuth,
    /// The tenant, where it is not that of the credentials' own configuration.
    pub tenant: Option<String>,
    /// The application or user-assigned identity that signs in, where it is not the environment's.
    pub client_id: Option<String>,
    /// The application's secret, where it is not in `AZURE_CLIENT_SECRET`.
    pub client_secret: Option<String>,
    /// The subscriptions to read; all that the credentials see where none is named.
    pub subscriptions: Vec<String>,
    /// Only subscriptions below this management group.
    pub management_group: Option<String>,
    /// Subscriptions to leave out.
    pub exclude: Vec<String>,
    /// How it is asked.
    pub asking: Asking,
}

/// Microsoft's clouds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AzureCloud {
    /// The one for everybody.
    #[default]
    Public,
    /// The one of the government of the United States.
    Government,
    /// The one in China.
    China,
}

/// Where credentials come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AzureAuth {
    /// The first of these that there is: a client secret, a workload identity or a service connection in the environment,
    /// a managed identity, the Azure CLI.
    #[default]
    Auto,
    /// Tenant, application and secret.
    Secret,
    /// A federated token of a workload, such as a pod's.
    Workload,
    /// The identity of the machine or app that runs this.
    Managed,
    /// Who is signed in with `az login`.
    Cli,
    /// A service connection of Azure Pipelines.
    Pipelines,
}

impl AzureOptions {
    /// The ambient target: what the environment's credentials see.
    pub fn new(redaction_key: [u8; 32]) -> Self {
        Self {
            cloud: AzureCloud::default(),
            auth: AzureAuth::default(),
            tenant: None,
            client_id: None,
            client_secret: None,
            subscriptions: Vec::new(),
            management_group: None,
            exclude: Vec::new(),
            asking: Asking::new(redaction_key),
        }
    }
}

impl fmt::Debug for AzureOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureOptions")
            .field("cloud", &self.cloud)
            .field("auth", &self.auth)
            .finish_non_exhaustive()
    }
}

impl AzureCloud {
    /// Where resources are managed. <https://learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure>
    pub(super) fn manager(self) -> &'static str {
        match self {
            Self::Public => "https://management.azure.com",
            Self::Government => "https://management.usgovcloudapi.net",
            Self::China => "https://management.chinacloudapi.cn",
        }
    }
}

impl FromStr for AzureCloud {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        match text {
            "public" => Ok(Self::Public),
            "government" => Ok(Self::Government),
            "china" => Ok(Self::China),
            _ => Err(UnknownName::new("Azure cloud", text, &["public", "government", "china"])),
        }
    }
}

impl FromStr for AzureAuth {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        match text {
            "auto" => Ok(Self::Auto),
            "secret" => Ok(Self::Secret),
            "workload" => Ok(Self::Workload),
            "managed" => Ok(Self::Managed),
            "cli" => Ok(Self::Cli),
            "pipelines" => Ok(Self::Pipelines),
            _ => Err(UnknownName::new(
                "way to sign in to Azure",
                text,
                &["auto", "secret", "workload", "managed", "cli", "pipelines"],
            )),
        }
    }
}
