// The function app on Flex Consumption. Its settings are in settings.bicep, its sign-in in signin.bicep.
param name string
param location string
param tags object
param identityId string
param storageName string
param workspaceId string
param subnetId string
param alwaysReadyHttp int
param instanceMemoryMB int
param maximumInstanceCount int

// All HTTP functions share one group of instances; each queue and timer function has its own.
// Only HTTP is kept ready: Graph counts an answer after three seconds as late, while a mail or a
// sweep that starts some seconds later harms nobody.
// https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#always-ready-instances
var ready = alwaysReadyHttp == 0 ? [] : [
  {
    name: 'http'
    instanceCount: alwaysReadyHttp
  }
]

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName
}

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
    // checkov:skip=CKV_AZURE_225:State lies in storage, which is zone redundant; instances come back in another zone by themselves
  }
}

resource site 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  kind: 'functionapp,linux'
  tags: union(tags, {
    'azd-service-name': 'api'
  })
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}releases'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        alwaysReady: ready
        maximumInstanceCount: maximumInstanceCount
        instanceMemoryMB: instanceMemoryMB
        triggers: {
          http: {
            perInstanceConcurrency: 32
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.13'
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
    }
    // checkov:skip=CKV_AZURE_222:Clients and vendors reach the app from the internet; doors authenticate each in their way
    // checkov:skip=CKV_AZURE_17:Browsers and webhooks have no client certificates
    // checkov:skip=CKV_AZURE_212:Flex Consumption scales by event, and keeps instances ready by parameter
    // checkov:skip=CKV_AZURE_213:Flex Consumption has no health check path; an alert watches the sweep instead
  }
}

// The app sends its own telemetry with its identity; the host sends its logs here.
resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'logs'
  scope: site
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'AppServiceAuthenticationLogs'
        enabled: true
      }
    ]
  }
}

resource noPublishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: site
  name: 'scm'
  properties: {
    allow: false
  }
}

resource noFtp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: site
  name: 'ftp'
  properties: {
    allow: false
  }
}

output name string = site.name
output url string = 'https://${site.properties.defaultHostName}'
