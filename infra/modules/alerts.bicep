// Who is told when something stands still. docs/runbook.md, Alerts, says what each one means.
param environmentName string
param location string
param tags object
param workspaceId string
param email string

// `below` alerts fire when fewer rows than the limit come in, the others when more do.
// The app's own log texts and function names are quoted here; tests/infra holds them together.
var rules = [
  {
    name: 'undelivered'
    severity: 1
    title: 'Effects were given up'
    query: 'AppTraces | where Message == "measured" and Properties.measure == "docket.outbox.dead" and todouble(Properties.value) > 0'
    below: false
    limit: 0
    window: 'PT15M'
  }
  {
    name: 'poison'
    severity: 1
    title: 'Messages lie in a poison queue'
    query: 'AppTraces | where Message == "messages lie in a poison queue" or Message has "Moving message to queue"'
    below: false
    limit: 0
    window: 'PT15M'
  }
  {
    name: 'outbox-old'
    severity: 1
    title: 'The oldest effect has waited for more than ten minutes'
    query: 'AppTraces | where Message == "measured" and Properties.measure == "docket.outbox.age" and todouble(Properties.value) > 600'
    below: false
    limit: 0
    window: 'PT15M'
  }
  {
    name: 'sweep-stopped'
    severity: 0
    title: 'The outbox was not swept for five minutes'
    query: 'AppRequests | where Name has "sweep_undelivered" and Success == true'
    below: true
    limit: 1
    window: 'PT5M'
  }
  {
    name: 'clock-stopped'
    severity: 0
    title: 'The clock of the service levels did not run for five minutes'
    query: 'AppRequests | where Name has "sweep_service_levels" and Success == true'
    below: true
    limit: 1
    window: 'PT5M'
  }
  {
    name: 'clock-fails'
    severity: 1
    title: 'The clock could not look at a ticket'
    query: 'union (AppTraces | where Message == "the clock could not look at a ticket"), (AppExceptions | where OperationName has "sweep_service_levels")'
    below: false
    limit: 0
    window: 'PT15M'
  }
  {
    name: 'mail-unread'
    severity: 1
    title: 'A mailbox could not be read'
    query: 'AppTraces | where Message == "mailbox could not be read"'
    below: false
    limit: 2
    window: 'PT15M'
  }
  {
    name: 'poll-stopped'
    severity: 1
    title: 'The mailboxes were not polled for a quarter of an hour'
    query: 'AppRequests | where Name has "poll_mailboxes" and Success == true'
    below: true
    limit: 1
    window: 'PT15M'
  }
  {
    name: 'subscription'
    severity: 2
    title: 'A mailbox has no subscription, or its subscription is about to expire'
    query: 'AppTraces | where Message == "no subscription to the mailbox" or Message == "the subscription ends soon"'
    below: false
    limit: 0
    window: 'PT2H'
  }
  {
    name: 'mail-balance'
    severity: 1
    title: 'A day\'s mails did not balance'
    query: 'AppTraces | where Message == "the day\'s mails did not balance"'
    below: false
    limit: 0
    window: 'PT1H'
  }
  {
    name: 'forms-flow'
    severity: 1
    title: 'The flow of a form failed'
    query: 'AzureDiagnostics | where Category == "WorkflowRuntime" and status_s == "Failed" and OperationName contains "workflowRunCompleted"'
    below: false
    limit: 0
    window: 'PT15M'
  }
  {
    name: '5xx'
    severity: 1
    title: 'Requests end in server errors'
    query: 'AppRequests | where toint(ResultCode) >= 500'
    below: false
    limit: 5
    window: 'PT15M'
  }
  {
    name: 'backup-missing'
    severity: 1
    title: 'No backup was written for two days'
    query: 'AppTraces | where Message == "backup written"'
    below: true
    limit: 1
    window: 'P2D'
  }
]

resource people 'Microsoft.Insights/actionGroups@2024-10-01-preview' = {
  name: 'ag-docket-${environmentName}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'docket'
    emailReceivers: [
      {
        name: 'operators'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource logAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for rule in rules: {
  name: 'alert-${rule.name}-${environmentName}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'Docket: ${rule.title}'
    severity: rule.severity
    enabled: true
    scopes: [
      workspaceId
    ]
    // An evaluation each five minutes costs three times one each fifteen.
    evaluationFrequency: rule.severity == 0 ? 'PT5M' : 'PT15M'
    windowSize: rule.window
    autoMitigate: true
    // The tables of a new workspace come into being with the first telemetry.
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: rule.query
          timeAggregation: 'Count'
          operator: rule.below ? 'LessThan' : 'GreaterThan'
          threshold: rule.limit
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: [
        people.id
      ]
    }
  }
}]
