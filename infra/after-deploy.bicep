// What can only be made once the code runs: keys of the host, and the subscription whose endpoint
// has to answer a handshake. azure.yaml runs it after each deployment; the keys are new each time.
targetScope = 'resourceGroup'

param appName string
param vaultName string
param mailTopicName string
param formsPrincipalId string

@secure()
param formsKey string = '${newGuid()}${newGuid()}' // checkov:skip=CKV_AZURE_131:No value stands here: a new one is made at each deployment

@secure()
param eventsKey string = '${newGuid()}${newGuid()}' // checkov:skip=CKV_AZURE_131:No value stands here: a new one is made at each deployment

var secretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

resource site 'Microsoft.Web/sites@2024-11-01' existing = {
  name: appName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: mailTopicName
}

resource formsHostKey 'Microsoft.Web/sites/host/functionKeys@2024-11-01' = {
  name: '${appName}/default/forms'
  properties: {
    name: 'forms'
    value: formsKey
  }
}

resource eventsHostKey 'Microsoft.Web/sites/host/functionKeys@2024-11-01' = {
  name: '${appName}/default/email-events'
  properties: {
    name: 'email-events'
    value: eventsKey
  }
}

// The flow reads its key here each time it runs.
resource formsSecret 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  parent: vault
  name: 'forms-function-key'
  properties: {
    contentType: 'Function key of the host, for the flows that forward forms'
    value: formsKey
    // checkov:skip=CKV_AZURE_41:It is replaced with each deployment, and an expired one would stop the forms
  }
}

resource flowReads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(formsSecret.id, formsPrincipalId, secretsUser)
  scope: formsSecret
  properties: {
    principalId: formsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUser)
  }
}

resource reports 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'delivery-reports'
  dependsOn: [
    eventsHostKey
  ]
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    destination: {
      endpointType: 'WebHook'
      properties: {
        endpointUrl: 'https://${site.properties.defaultHostName}/api/hooks/email-events?code=${eventsKey}'
        maxEventsPerBatch: 20
        preferredBatchSizeInKilobytes: 64
      }
    }
    filter: {
      includedEventTypes: [
        'Microsoft.Communication.EmailDeliveryReportReceived'
      ]
    }
    retryPolicy: {
      maxDeliveryAttempts: 30
      eventTimeToLiveInMinutes: 1440
    }
  }
}
