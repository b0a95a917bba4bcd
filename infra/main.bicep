// Docket in one resource group. `azd up` deploys it; docs/runbook.md tells what a person does by hand.
targetScope = 'subscription'

@minLength(1)
@maxLength(24)
@description('Name of the environment, such as dev or prod; part of every name.')
param environmentName string

@description('Region of everything that has one.')
param location string

@description('Object id of whoever deploys: may write the secrets into the vault. Empty: nobody.')
param principalId string = ''

@description('Application (client) id of the sign-in app registration; scripts/setup-tenant.ps1 makes it.')
param signInClientId string

@description('Desks that take requests with a function key: their addresses need no sign-in.')
param desks array = [
  'mytc'
  'door'
]

@description('Microsoft Forms to forward, as desk|form|form id|file question,file question; more behind a semicolon.')
param forms string = ''

@description('Address at which people and vendors reach the app, if not its own: no slash at the end.')
param publicUrl string = ''

@description('Who hears of alerts and of the budget.')
param alertEmail string

@description('Monthly budget in the currency of the subscription; mails go out at 80 and 100 percent.')
param monthlyBudget int = 60

@description('First day of the month in which the budget was made, as an earlier deployment told; empty: this month.')
param budgetStart string = ''

@description('Redundancy of storage.')
@allowed([
  'Standard_LRS'
  'Standard_ZRS'
  'Standard_GZRS'
])
param storageSku string = 'Standard_ZRS'

@description('Instances that wait for HTTP requests at all times. Graph wants its answer within three seconds.')
@minValue(0)
@maxValue(5)
param alwaysReadyHttp int = 1

@description('Memory of one instance.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int = 2048

@description('Upper limit of instances: also the upper limit of the bill.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Storage and vault are reachable from the app\'s own network only.')
param privateNetworking bool = false

@description('Days that telemetry is kept.')
@minValue(30)
@maxValue(730)
param retentionDays int = 90

@description('Rule of an earlier deployment that masks secret links: without it they would lie open while this one runs.')
param maskingRuleId string = ''

@description('Mail domain of Communication Services; empty: one that Azure manages.')
param mailDomain string = ''

@description('The mail domain\'s records are in place and verified: only then can it be linked.')
param mailDomainVerified bool = false

@description('Where Communication Services keeps its data.')
param dataLocation string = 'Canada'

@description('Vendors and what is known about them; no secrets. Empty values switch a vendor off.')
param vendors object = {
  teamsClientId: ''
  devopsIdentity: ''
  jiraUrl: ''
  jiraUser: ''
  jenkinsUrl: ''
  jenkinsUser: ''
  hookUser: 'docket'
  workflows: 'false'
  formUrls: ''
}

var tags = {
  'azd-env-name': environmentName
  application: 'docket'
}
var formLines = empty(forms) ? [] : split(forms, ';')
var token = toLower(uniqueString(subscription().id, environmentName, location))

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: 'rg-docket-${environmentName}'
  location: location
  tags: tags
}

module identities 'modules/identities.bicep' = {
  name: 'identities'
  scope: group
  params: {
    environmentName: environmentName
    location: location
    tags: tags
  }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  name: 'network'
  scope: group
  params: {
    environmentName: environmentName
    location: location
    tags: tags
    storageName: storage.outputs.name
    vaultName: vault.outputs.name
  }
}

module workspace 'modules/workspace.bicep' = {
  name: 'workspace'
  scope: group
  params: {
    environmentName: environmentName
    location: location
    tags: tags
    retentionDays: retentionDays
    maskingRuleId: maskingRuleId
  }
}

module masking 'modules/masking.bicep' = {
  name: 'masking'
  scope: group
  params: {
    environmentName: environmentName
    location: location
    tags: tags
    workspaceId: workspace.outputs.id
  }
}

module maskedWorkspace 'modules/workspace.bicep' = {
  name: 'workspace-masked'
  scope: group
  params: {
    environmentName: environmentName
    location: location
    tags: tags
    retentionDays: retentionDays
    maskingRuleId: masking.outputs.ruleId
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    environmentName: environmentName
    location: location
    tags: tags
    workspaceId: maskedWorkspace.outputs.id
    appPrincipalId: identities.outputs.appPrincipalId
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    name: 'stdocket${token}'
    location: location
    tags: tags
    sku: storageSku
    privateNetworking: privateNetworking
    workspaceId: maskedWorkspace.outputs.id
    appPrincipalId: identities.outputs.appPrincipalId
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  scope: group
  params: {
    name: 'kv-docket-${token}'
    location: location
    tags: tags
    publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
    workspaceId: maskedWorkspace.outputs.id
    appPrincipalId: identities.outputs.appPrincipalId
    deployerId: principalId
  }
}

module email 'modules/email.bicep' = {
  name: 'email'
  scope: group
  params: {
    name: 'docket-${token}'
    tags: tags
    dataLocation: dataLocation
    domain: mailDomain
    domainVerified: mailDomainVerified
    appPrincipalId: identities.outputs.appPrincipalId
  }
}

module app 'modules/function.bicep' = {
  name: 'app'
  scope: group
  params: {
    name: 'func-docket-${token}'
    location: location
    tags: tags
    identityId: identities.outputs.appId
    storageName: storage.outputs.name
    workspaceId: maskedWorkspace.outputs.id
    subnetId: privateNetworking ? network.outputs.appSubnetId : ''
    alwaysReadyHttp: alwaysReadyHttp
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
  }
}

module settings 'modules/settings.bicep' = {
  name: 'settings'
  scope: group
  params: {
    appName: app.outputs.name
    publicUrl: empty(publicUrl) ? app.outputs.url : publicUrl
    identityClientId: identities.outputs.appClientId
    storageName: storage.outputs.name
    insightsName: monitoring.outputs.insightsName
    vaultName: vault.outputs.name
    mailEndpoint: email.outputs.endpoint
    mailSender: email.outputs.sender
    vendors: vendors
  }
}

module signIn 'modules/signin.bicep' = {
  name: 'sign-in'
  scope: group
  params: {
    appName: app.outputs.name
    clientId: signInClientId
    formsClientId: identities.outputs.formsClientId
    desks: desks
  }
  dependsOn: [
    settings
  ]
}

module flows 'modules/forms.bicep' = [for line in formLines: {
  name: 'forms-${split(line, '|')[0]}-${split(line, '|')[1]}'
  scope: group
  params: {
    location: location
    tags: tags
    desk: split(line, '|')[0]
    form: split(line, '|')[1]
    formId: split(line, '|')[2]
    fileQuestions: empty(split(line, '|')[3]) ? [] : split(split(line, '|')[3], ',')
    appUrl: app.outputs.url
    audience: 'api://${signInClientId}'
    identityId: identities.outputs.formsId
    keyUri: '${vault.outputs.uri}secrets/forms-function-key?api-version=7.4'
    workspaceId: maskedWorkspace.outputs.id
  }
}]

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    environmentName: environmentName
    location: location
    tags: tags
    workspaceId: maskedWorkspace.outputs.id
    email: alertEmail
  }
}

module cost 'modules/budget.bicep' = {
  name: 'budget'
  scope: group
  params: {
    amount: monthlyBudget
    email: alertEmail
    startDate: budgetStart
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output DOCKET_APP_NAME string = app.outputs.name
output DOCKET_APP_URL string = app.outputs.url
output DOCKET_VAULT_NAME string = vault.outputs.name
output DOCKET_MAIL_TOPIC string = email.outputs.topicName
output DOCKET_APP_IDENTITY_CLIENT_ID string = identities.outputs.appClientId
output DOCKET_APP_IDENTITY_PRINCIPAL_ID string = identities.outputs.appPrincipalId
output DOCKET_FORMS_PRINCIPAL_ID string = identities.outputs.formsPrincipalId
output DOCKET_MASKING_RULE_ID string = masking.outputs.ruleId
output DOCKET_BUDGET_START string = cost.outputs.startDate
