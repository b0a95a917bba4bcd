// App Service authentication: staff sign in with Entra ID and bring app roles in their token.
// The roles themselves, Docket.Staff and Docket.Admin, belong to the app registration, which
// scripts/setup-tenant.ps1 makes; only who was given one gets a token.
param appName string
param clientId string
param formsClientId string
param desks array

// Open to those who have no account here: clients by their signed links, vendors by their own
// proofs, other systems by function key. Everything else needs a sign-in; a flow that forwards
// forms brings the token of its identity besides the function key.
var openPaths = [
  '/'
  '/my'
  '/my/*'
  '/r/*'
  '/request/*'
  '/static/*'
  '/api/health'
  '/api/openapi.json'
  '/api/hooks/*'
]
var intakePaths = [for desk in desks: '/api/desks/${desk}/requests']

resource site 'Microsoft.Web/sites@2024-11-01' existing = {
  name: appName
}

resource auth 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: site
  name: 'authsettingsV2'
  properties: {
    // checkov:skip=CKV_AZURE_13:Meant for the site config named web; this one is the authentication itself
    // checkov:skip=CKV_AZURE_63:Meant for the site config named web; this one is the authentication itself
    // checkov:skip=CKV_AZURE_65:Meant for the site config named web; this one is the authentication itself
    // checkov:skip=CKV_AZURE_66:Meant for the site config named web; this one is the authentication itself
    // checkov:skip=CKV_AZURE_80:Meant for the site config named web; this one is the authentication itself
    // checkov:skip=CKV_AZURE_88:Meant for the site config named web; this one is the authentication itself
    // checkov:skip=CKV_AZURE_222:Meant for the site config named web; this one is the authentication itself
    platform: {
      enabled: true
      runtimeVersion: '~1'
    }
    globalValidation: {
      requireAuthentication: true
      unauthenticatedClientAction: 'RedirectToLoginPage'
      redirectToProvider: 'azureactivedirectory'
      excludedPaths: concat(openPaths, intakePaths)
    }
    httpSettings: {
      requireHttps: true
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: clientId
          clientSecretSettingName: 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: [
            clientId
            'api://${clientId}'
          ]
          defaultAuthorizationPolicy: {
            allowedApplications: [
              clientId
              formsClientId
            ]
          }
        }
      }
    }
    login: {
      tokenStore: {
        enabled: false
      }
      preserveUrlFragmentsForLogins: false
    }
  }
}
