// Where logs and telemetry lie. main.bicep lays it twice: the rule that masks secret links needs a
// workspace to be made for, and the workspace names the rule. All its properties stand here only.
param environmentName string
param location string
param tags object
param retentionDays int

@description('Resource id of the rule that records pass before they are stored; empty: none yet.')
param maskingRuleId string

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-docket-${environmentName}'
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
    workspaceCapping: {
      dailyQuotaGb: 2
    }
    defaultDataCollectionRuleResourceId: empty(maskingRuleId) ? null : maskingRuleId
  }
}

output id string = workspace.id
