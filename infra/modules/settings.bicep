// Application settings: docs/settings.md explains each. Secrets are references into the vault.
param appName string
param publicUrl string
param identityClientId string
param storageName string
param insightsName string
param vaultName string
param mailEndpoint string
param mailSender string
param vendors object

resource site 'Microsoft.Web/sites@2024-11-01' existing = {
  name: appName
}

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

var secrets = '@Microsoft.KeyVault(SecretUri=${vault.properties.vaultUri}secrets'
var loginUrl = environment().authentication.loginEndpoint

resource settings 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: site
  name: 'appsettings'
  properties: {
    // checkov:skip=CKV_AZURE_13:Meant for the site config named web; this one holds application settings only
    // checkov:skip=CKV_AZURE_63:Meant for the site config named web; this one holds application settings only
    // checkov:skip=CKV_AZURE_65:Meant for the site config named web; this one holds application settings only
    // checkov:skip=CKV_AZURE_66:Meant for the site config named web; this one holds application settings only
    // checkov:skip=CKV_AZURE_80:Meant for the site config named web; this one holds application settings only
    // checkov:skip=CKV_AZURE_88:Meant for the site config named web; this one holds application settings only
    // checkov:skip=CKV_AZURE_222:Meant for the site config named web; this one holds application settings only
    // The host's own storage: leases, schedules, keys.
    AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
    AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
    AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identityClientId
    // The queues' triggers.
    DocketStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
    DocketStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
    DocketStorage__credential: 'managedidentity'
    DocketStorage__clientId: identityClientId
    // The portal stands at the root, not the host's own page.
    AzureWebJobsDisableHomepage: 'true'
    // Keys of functions lie in the host's blobs.
    AzureWebJobsSecretStorageType: 'blob'
    // Telemetry over OpenTelemetry, proved with the identity.
    APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
    PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY: 'true'
    AZURE_CLIENT_ID: identityClientId
    // Sign-in without a secret: the identity's token stands for the app registration's.
    // https://learn.microsoft.com/azure/app-service/configure-authentication-provider-aad#use-a-managed-identity-instead-of-a-secret-preview
    OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID: identityClientId
    WEBSITE_AUTH_AAD_ALLOWED_TENANTS: tenant().tenantId

    DOCKET_PUBLIC_URL: publicUrl
    DOCKET_LINK_KEY: '${secrets}/link-key/)'
    DOCKET_LOGIN_PATH: '/.auth/login/aad'
    DOCKET_DESKS: 'desks'
    DOCKET_FORM_URLS: vendors.formUrls

    DOCKET_TABLE_ENDPOINT: storage.properties.primaryEndpoints.table
    DOCKET_QUEUE_ENDPOINT: storage.properties.primaryEndpoints.queue
    DOCKET_BLOB_ENDPOINT: storage.properties.primaryEndpoints.blob
    DOCKET_IDENTITY_CLIENT_ID: identityClientId
    DOCKET_VAULT_URL: vault.properties.vaultUri

    DOCKET_GRAPH_URL: 'https://graph.microsoft.com/v1.0'
    DOCKET_GRAPH_STATE: '${secrets}/graph-state/)'
    DOCKET_LOGIN_URL: take(loginUrl, length(loginUrl) - 1)
    DOCKET_TENANT_ID: tenant().tenantId
    DOCKET_TEAMS_CLIENT_ID: vendors.teamsClientId
    DOCKET_WORKFLOW_URLS: vendors.workflows == 'true' ? '${secrets}/workflow-urls/)' : ''

    DOCKET_ACS_ENDPOINT: mailEndpoint
    DOCKET_ACS_SENDER: mailSender

    DOCKET_DEVOPS_URL: 'https://dev.azure.com'
    DOCKET_DEVOPS_IDENTITY: vendors.devopsIdentity
    DOCKET_HOOK_USER: vendors.hookUser
    DOCKET_HOOK_PASSWORD: '${secrets}/hook-password/)'

    DOCKET_JIRA_URL: vendors.jiraUrl
    DOCKET_JIRA_USER: vendors.jiraUser
    DOCKET_JIRA_TOKEN: empty(vendors.jiraUrl) ? '' : '${secrets}/jira-token/)'
    DOCKET_JIRA_SECRET: empty(vendors.jiraUrl) ? '' : '${secrets}/jira-secret/)'

    DOCKET_JENKINS_URL: vendors.jenkinsUrl
    DOCKET_JENKINS_USER: vendors.jenkinsUser
    DOCKET_JENKINS_TOKEN: empty(vendors.jenkinsUrl) ? '' : '${secrets}/jenkins-token/)'
  }
}
