// Tells before the month gets expensive.
param amount int
param email string

@description('First day of the month in which the budget was made; empty: this month.')
param startDate string

param thisMonth string = '${utcNow('yyyy-MM')}-01'

// The start of a budget that exists cannot be changed: another one fails the whole deployment.
var start = empty(startDate) ? thisMonth : startDate

resource budget 'Microsoft.Consumption/budgets@2023-11-01' = {
  name: 'docket'
  properties: {
    category: 'Cost'
    amount: amount
    timeGrain: 'Monthly'
    timePeriod: {
      startDate: start
    }
    notifications: {
      soon: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: [
          email
        ]
      }
      forecast: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: [
          email
        ]
      }
    }
  }
}

output startDate string = start
