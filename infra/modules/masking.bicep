// A client's link is a key to the ticket, and the host's telemetry records whole addresses. So links,
// query strings and keys are cut out of each record before it is stored. The queries use nothing but
// what transformations support (replace_regex is not among it):
// https://learn.microsoft.com/azure/azure-monitor/data-collection/data-collection-transformations-kql
param environmentName string
param location string
param tags object
param workspaceId string

var tables = [
  {
    name: 'AppRequests'
    query: loadTextContent('masking/AppRequests.kql')
  }
  {
    name: 'AppDependencies'
    query: loadTextContent('masking/AppDependencies.kql')
  }
  {
    name: 'AppTraces'
    query: loadTextContent('masking/AppTraces.kql')
  }
  {
    name: 'AppExceptions'
    query: loadTextContent('masking/AppExceptions.kql')
  }
  {
    name: 'AppServiceAuthenticationLogs'
    query: loadTextContent('masking/AppServiceAuthenticationLogs.kql')
  }
]

resource rule 'Microsoft.Insights/dataCollectionRules@2023-03-11' = {
  name: 'dcr-docket-masking-${environmentName}'
  location: location
  tags: tags
  kind: 'WorkspaceTransforms'
  properties: {
    description: 'Secret links and query strings are cut out before records are stored'
    dataSources: {}
    destinations: {
      logAnalytics: [
        {
          name: 'workspace'
          workspaceResourceId: workspaceId
        }
      ]
    }
    // A query of a rule stands on one line.
    dataFlows: [for table in tables: {
      streams: [
        'Microsoft-Table-${table.name}'
      ]
      destinations: [
        'workspace'
      ]
      transformKql: trim(replace(table.query, '\n', ' '))
    }]
  }
}

output ruleId string = rule.id
