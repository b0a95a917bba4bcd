// Forwards each response of one Microsoft Form to the app. The connections are made unauthenticated:
// an owner of the form signs in to them once (docs/runbook.md, Identities and consent).
param location string
param tags object
param desk string
param form string
param formId string
param fileQuestions array
param appUrl string
param audience string
param identityId string
param keyUri string
param workspaceId string

var formsApi = subscriptionResourceId('Microsoft.Web/locations/managedApis', location, 'microsoftforms')
var filesApi = subscriptionResourceId('Microsoft.Web/locations/managedApis', location, 'onedriveforbusiness')

resource formsConnection 'Microsoft.Web/connections@2016-06-01' = {
  name: 'forms-${desk}-${form}'
  location: location
  tags: tags
  properties: {
    displayName: 'Microsoft Forms for ${desk}'
    api: {
      id: formsApi
    }
  }
}

resource filesConnection 'Microsoft.Web/connections@2016-06-01' = {
  name: 'files-${desk}-${form}'
  location: location
  tags: tags
  properties: {
    displayName: 'Files of ${desk}\'s form'
    api: {
      id: filesApi
    }
  }
}

resource flow 'Microsoft.Logic/workflows@2019-05-01' = {
  name: 'flow-${desk}-${form}'
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    state: 'Enabled'
    definition: loadJsonContent('forms-flow.json')
    parameters: {
      '$connections': {
        value: {
          microsoftforms: {
            id: formsApi
            connectionId: formsConnection.id
            connectionName: formsConnection.name
          }
          onedriveforbusiness: {
            id: filesApi
            connectionId: filesConnection.id
            connectionName: filesConnection.name
          }
        }
      }
      desk: {
        value: desk
      }
      form: {
        value: form
      }
      formId: {
        value: formId
      }
      fileQuestions: {
        value: fileQuestions
      }
      appUrl: {
        value: appUrl
      }
      audience: {
        value: audience
      }
      identity: {
        value: identityId
      }
      keyUri: {
        value: keyUri
      }
    }
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'runs'
  scope: flow
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'WorkflowRuntime'
        enabled: true
      }
    ]
  }
}
