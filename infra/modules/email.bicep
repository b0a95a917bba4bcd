// Communication Services Email, for desks whose mail goes out that way; and the source of its reports.
param name string
param tags object
param dataLocation string
param domain string
param domainVerified bool
param appPrincipalId string

// The narrowest built-in role that may send mail.
var mailOwner = '09976791-48a7-449e-bb21-39d1a415f350'
var isOwnDomain = !empty(domain)
var senderName = 'support'

resource service 'Microsoft.Communication/emailServices@2025-05-01' = {
  name: 'email-${name}'
  location: 'global'
  tags: tags
  properties: {
    dataLocation: dataLocation
  }
}

resource mailDomain 'Microsoft.Communication/emailServices/domains@2025-05-01' = {
  parent: service
  name: isOwnDomain ? domain : 'AzureManagedDomain'
  location: 'global'
  tags: tags
  properties: {
    domainManagement: isOwnDomain ? 'CustomerManaged' : 'AzureManaged'
    userEngagementTracking: 'Disabled'
  }
}

resource sender 'Microsoft.Communication/emailServices/domains/senderUsernames@2025-05-01' = if (isOwnDomain) {
  parent: mailDomain
  name: senderName
  properties: {
    username: senderName
    displayName: 'Support'
  }
}

resource communication 'Microsoft.Communication/communicationServices@2025-05-01' = {
  name: 'acs-${name}'
  location: 'global'
  tags: tags
  properties: {
    dataLocation: dataLocation
    disableLocalAuth: true
    linkedDomains: isOwnDomain && !domainVerified ? [] : [
      mailDomain.id
    ]
  }
}

resource sends 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(communication.id, appPrincipalId, mailOwner)
  scope: communication
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', mailOwner)
  }
}

resource reports 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: 'evgt-${name}'
  location: 'global'
  tags: tags
  properties: {
    source: communication.id
    topicType: 'Microsoft.Communication.CommunicationServices'
  }
}

output endpoint string = 'https://${communication.properties.hostName}'
output sender string = '${isOwnDomain ? senderName : 'DoNotReply'}@${mailDomain.properties.fromSenderDomain}'
output topicName string = reports.name
