// Who the parts are: one identity for the app, one for the flows that forward forms.
param environmentName string
param location string
param tags object

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-docket-app-${environmentName}'
  location: location
  tags: tags
}

resource forms 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-docket-forms-${environmentName}'
  location: location
  tags: tags
}

output appId string = app.id
output appClientId string = app.properties.clientId
output appPrincipalId string = app.properties.principalId
output formsId string = forms.id
output formsClientId string = forms.properties.clientId
output formsPrincipalId string = forms.properties.principalId
