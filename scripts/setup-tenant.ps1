#Requires -Version 7.2
<#
.SYNOPSIS
    What Bicep cannot do in a tenant, in numbered steps; each looks first, acts only when needed, and
    checks itself afterwards. Run it as often as you like.

.DESCRIPTION
    azure.yaml runs the stages Before, Provisioned and Deployed around `azd up`. The stage Tenant is
    run by administrators of Exchange, Teams and Azure DevOps when the app stands; a single step
    with -Step. docs/runbook.md, Identities and consent, explains each. -WhatIf tells what it would do.

    Before       1 Values of the environment   2 Sign-in app with its roles
    Provisioned  3 Sign-in without a secret    4 Secrets in the vault
    Deployed     5 Keys and delivery reports   6 Health of the app
    Tenant       7 Exchange  8 Teams  9 DevOps  10 Forms  11 Doctor

.EXAMPLE
    ./scripts/setup-tenant.ps1 -Stage Tenant -Mailbox support@mytc.example, support@doorfunds.example
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [ValidateSet('Before', 'Provisioned', 'Deployed', 'Tenant')]
    [string] $Stage = 'Tenant',
    [ValidateSet('Values', 'SignIn', 'Federation', 'Secrets', 'Keys', 'Health', 'Exchange', 'Teams', 'DevOps', 'Forms', 'Doctor')]
    [string] $Step,
    [ValidateSet('dev', 'prod')]
    [string] $Environment,
    # The desks' mailboxes: the app may read and send there, and nowhere else.
    [string[]] $Mailbox = @(),
    # A mailbox that the app must not reach, for the check of step 7.
    [string] $OtherMailbox,
    [string] $TeamsClientId,
    [string] $DevOpsOrganisation,
    [string] $DevOpsProject
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true
$root = Split-Path -Parent $PSScriptRoot
$script:left = @()

function Write-Step([int] $Number, [string] $Title) { Write-Host "`n$Number. $Title" -ForegroundColor Cyan }
function Write-Well([string] $Text) { Write-Host "   ok    $Text" -ForegroundColor Green }
function Write-Left([string] $Text) { Write-Host "   TO DO $Text" -ForegroundColor Yellow; $script:left += $Text }

function Get-Value([string] $Name) {
    # Of azd's environment; '' when it is not set.
    $found = azd env get-values --output json | ConvertFrom-Json -AsHashtable
    if ($found.ContainsKey($Name)) { [string] $found[$Name] } else { '' }
}

function New-Secret {
    $bytes = [byte[]]::new(48)
    [System.Security.Cryptography.RandomNumberGenerator]::Fill($bytes)
    [Convert]::ToBase64String($bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_')
}

function Wait-Vault([string] $Vault) {
    # The right to write secrets was given a moment ago, and takes minutes to count.
    foreach ($attempt in 1..15) {
        try { az keyvault secret list --vault-name $Vault --maxresults 1 --output none 2>$null; return } catch { Start-Sleep -Seconds 20 }
    }
    Write-Left "the vault $Vault does not let you in: the role Key Vault Secrets Officer is missing, or its network is closed to you"
}

function Test-VaultSecret([string] $Vault, [string] $Name) {
    $names = az keyvault secret list --vault-name $Vault --query '[].name' --output json | ConvertFrom-Json
    $Name -in @($names)
}

function Set-VaultSecret([string] $Vault, [string] $Name, [string] $Value, [string] $For) {
    # Through a file that only we can read: a value on the command line could be seen by others.
    $file = New-TemporaryFile
    try {
        if (-not $IsWindows) { chmod 600 $file.FullName }
        [IO.File]::WriteAllText($file.FullName, $Value)
        az keyvault secret set --vault-name $Vault --name $Name --file $file.FullName --encoding utf-8 --content-type $For --output none
    }
    finally { Remove-Item $file -Force }
}

function Read-Secret([string] $Prompt) { (Read-Host -Prompt $Prompt -AsSecureString | ConvertFrom-SecureString -AsPlainText) }

function Step-Values {
    Write-Step 1 'Values of the environment'
    $name = if ($Environment) { $Environment } elseif ((Get-Value 'AZURE_ENV_NAME') -like '*prod*') { 'prod' } else { 'dev' }
    foreach ($line in Get-Content (Join-Path $root "infra/environments/$name.env")) {
        if ($line -notmatch '^(\w+)=(.*)$') { continue }
        if ((Get-Value $Matches[1]) -eq '' -and $PSCmdlet.ShouldProcess($Matches[1], "set to $($Matches[2])")) {
            azd env set $Matches[1] $Matches[2]
        }
    }
    if ((Get-Value 'DOCKET_ALERT_EMAIL') -eq '') {
        $address = Read-Host 'Who hears of alerts (e-mail address)'
        if ($PSCmdlet.ShouldProcess('DOCKET_ALERT_EMAIL', 'set')) { azd env set DOCKET_ALERT_EMAIL $address }
    }
    if ((Get-Value 'DOCKET_ALERT_EMAIL') -match '@') { Write-Well "values of $name are set" } else { Write-Left 'azd env set DOCKET_ALERT_EMAIL <address>' }
}

function Step-SignIn {
    Write-Step 2 'Sign-in app with its roles'
    $name = "Docket ($(Get-Value 'AZURE_ENV_NAME'))"
    $app = az ad app list --display-name $name --query '[0]' --output json | ConvertFrom-Json
    if (-not $app -and $PSCmdlet.ShouldProcess($name, 'create app registration')) {
        $app = az ad app create --display-name $name --sign-in-audience AzureADMyOrg --enable-id-token-issuance true --output json | ConvertFrom-Json
    }
    if (-not $app) { Write-Left 'create the app registration'; return }
    # People hold the first two; the flows' identity holds the third, or it would get no token.
    $wanted = @('Docket.Staff', 'Docket.Admin', 'Docket.Intake')
    $has = @($app.appRoles | Where-Object { $_ } | ForEach-Object value)
    if (@($wanted | Where-Object { $_ -notin $has }).Count -and $PSCmdlet.ShouldProcess($name, 'add app roles')) {
        $roles = @($app.appRoles | Where-Object { $_ }) + @($wanted | Where-Object { $_ -notin $has } | ForEach-Object {
                @{ id = [guid]::NewGuid().Guid; value = $_; displayName = $_; description = "May use Docket as $($_.Split('.')[1])"; allowedMemberTypes = @($(if ($_ -eq 'Docket.Intake') { 'Application' } else { 'User' })); isEnabled = $true }
            })
        $file = New-TemporaryFile
        ConvertTo-Json -InputObject @($roles) -Depth 4 | Set-Content $file
        az ad app update --id $app.appId --app-roles "@$file" --identifier-uris "api://$($app.appId)"
        Remove-Item $file
        # Tokens of version 2 carry the issuer that App Service is told to expect.
        az rest --method patch --url "https://graph.microsoft.com/v1.0/applications/$($app.id)" --headers 'Content-Type=application/json' --body '{"api":{"requestedAccessTokenVersion":2}}'
    }
    $principal = az ad sp list --filter "appId eq '$($app.appId)'" --query '[0].id' --output tsv
    if (-not $principal -and $PSCmdlet.ShouldProcess($name, 'create service principal')) {
        $principal = az ad sp create --id $app.appId --query id --output tsv
    }
    if ($principal -and $PSCmdlet.ShouldProcess($name, 'require an assignment')) {
        # Who was given no role gets no token at all.
        az ad sp update --id $principal --set appRoleAssignmentRequired=true
        azd env set DOCKET_SIGN_IN_CLIENT_ID $app.appId
    }
    $now = az ad app show --id $app.appId --query 'appRoles[].value' --output json | ConvertFrom-Json
    if (@($wanted | Where-Object { $_ -notin @($now) }).Count -eq 0) { Write-Well "$name has the roles $($wanted -join ', ')" } else { Write-Left 'the app roles are missing' }
    Write-Left "give people the roles: Entra ID, Enterprise applications, $name, Users and groups (once; check with step 11)"
}

function Step-Federation {
    Write-Step 3 'Sign-in without a secret'
    $id = Get-Value 'DOCKET_SIGN_IN_CLIENT_ID'
    $url = Get-Value 'DOCKET_APP_URL'
    $subject = Get-Value 'DOCKET_APP_IDENTITY_PRINCIPAL_ID'
    $callback = "$url/.auth/login/aad/callback"
    $uris = @(az ad app show --id $id --query 'web.redirectUris' --output json | ConvertFrom-Json)
    if ($callback -notin $uris -and $PSCmdlet.ShouldProcess($callback, 'add redirect address')) {
        az ad app update --id $id --web-redirect-uris @($uris + $callback | Where-Object { $_ })
    }
    $known = az ad app federated-credential list --id $id --query "[?subject=='$subject'].name" --output tsv
    if (-not $known -and $PSCmdlet.ShouldProcess($id, 'trust the identity of the app')) {
        $tenant = az account show --query tenantId --output tsv
        $file = New-TemporaryFile
        @{ name = 'docket-app'; issuer = "https://login.microsoftonline.com/$tenant/v2.0"; subject = $subject; audiences = @('api://AzureADTokenExchange') } | ConvertTo-Json | Set-Content $file
        az ad app federated-credential create --id $id --parameters "@$file" --output none
        Remove-Item $file
    }
    $trusted = az ad app federated-credential list --id $id --query "[?subject=='$subject'] | length(@)" --output tsv
    $forms = Get-Value 'DOCKET_FORMS_PRINCIPAL_ID'
    $principal = az ad sp list --filter "appId eq '$id'" --query '[0].id' --output tsv
    $role = az ad app show --id $id --query "appRoles[?value=='Docket.Intake'].id" --output tsv
    $url = "https://graph.microsoft.com/v1.0/servicePrincipals/$forms/appRoleAssignments"
    $held = az rest --method get --url $url --query "value[?appRoleId=='$role'] | length(@)" --output tsv
    if ($held -eq '0' -and $PSCmdlet.ShouldProcess('Docket.Intake', 'give the role to the flows')) {
        $file = New-TemporaryFile
        @{ principalId = $forms; resourceId = $principal; appRoleId = $role } | ConvertTo-Json | Set-Content $file
        az rest --method post --url $url --headers 'Content-Type=application/json' --body "@$file" --output none
        Remove-Item $file
    }
    if ($trusted -eq '1') { Write-Well 'the identity stands for the app registration' } else { Write-Left 'the federated credential is missing' }
}

function Step-Secrets {
    Write-Step 4 'Secrets in the vault'
    $vault = Get-Value 'DOCKET_VAULT_NAME'
    Wait-Vault $vault
    $made = [ordered]@{
        'link-key'      = 'Signs the links of clients; a new one ends all links'
        'hook-password' = 'Azure DevOps service hooks prove themselves with it'
        'graph-state'   = 'Graph repeats it in each notification'
    }
    $given = [ordered]@{}
    if (Get-Value 'DOCKET_JIRA_URL') {
        $made['jira-secret'] = 'Jira signs its webhooks with it'
        $given['jira-token'] = 'API token of the Jira account'
    }
    if (Get-Value 'DOCKET_JENKINS_URL') { $given['jenkins-token'] = 'API token of the Jenkins account' }
    if ((Get-Value 'DOCKET_WORKFLOWS') -eq 'true') { $given['workflow-urls'] = 'JSON object: name of the setting -> address of the workflow' }
    foreach ($name in $made.Keys) {
        if (-not (Test-VaultSecret $vault $name) -and $PSCmdlet.ShouldProcess($name, 'make a secret')) { Set-VaultSecret $vault $name (New-Secret) $made[$name] }
    }
    foreach ($name in $given.Keys) {
        if (-not (Test-VaultSecret $vault $name) -and $PSCmdlet.ShouldProcess($name, 'ask for a secret')) { Set-VaultSecret $vault $name (Read-Secret "$name ($($given[$name]))") $given[$name] }
    }
    # The app refuses to run on a reference that was not read yet, and reads them again at a start.
    if ($PSCmdlet.ShouldProcess((Get-Value 'DOCKET_APP_NAME'), 'restart the app')) { az functionapp restart --resource-group (Get-Value 'AZURE_RESOURCE_GROUP') --name (Get-Value 'DOCKET_APP_NAME') }
    $missing = @(@($made.Keys) + @($given.Keys) | Where-Object { -not (Test-VaultSecret $vault $_) })
    if ($missing.Count -eq 0) { Write-Well 'every secret that a setting refers to is there' } else { Write-Left "missing in ${vault}: $($missing -join ', ')" }
}

function Step-Keys {
    Write-Step 5 'Keys of the host and delivery reports of mail'
    $group = Get-Value 'AZURE_RESOURCE_GROUP'
    $arguments = @(
        'deployment', 'group', 'create', '--resource-group', $group, '--name', 'after-deploy',
        '--template-file', (Join-Path $root 'infra/after-deploy.bicep'), '--output', 'none',
        '--parameters',
        "appName=$(Get-Value 'DOCKET_APP_NAME')",
        "vaultName=$(Get-Value 'DOCKET_VAULT_NAME')",
        "mailTopicName=$(Get-Value 'DOCKET_MAIL_TOPIC')",
        "formsPrincipalId=$(Get-Value 'DOCKET_FORMS_PRINCIPAL_ID')"
    )
    if ($PSCmdlet.ShouldProcess($group, 'deploy infra/after-deploy.bicep')) { az @arguments }
    $state = az eventgrid system-topic event-subscription show --resource-group $group --system-topic-name (Get-Value 'DOCKET_MAIL_TOPIC') --name delivery-reports --query provisioningState --output tsv
    if ($state -eq 'Succeeded') { Write-Well 'delivery reports arrive at the app' } else { Write-Left 'the event subscription is not there' }
}

function Step-Health {
    Write-Step 6 'Health of the app'
    $url = Get-Value 'DOCKET_APP_URL'
    foreach ($attempt in 1..10) {
        # Rights that were given a moment ago take minutes to count.
        try { $answer = Invoke-RestMethod "$url/api/health" -TimeoutSec 30; break } catch { $answer = $null; Start-Sleep -Seconds 20 }
    }
    if ($answer -and $answer.status -eq 'ok') { Write-Well "$url answers" } else { Write-Left "$url/api/health does not answer: see docs/runbook.md, Deploy" }
    # The host's telemetry records whole addresses, and a client's link is one.
    $rule = az monitor log-analytics workspace list --resource-group (Get-Value 'AZURE_RESOURCE_GROUP') --query '[0].defaultDataCollectionRuleResourceId' --output tsv
    if ($rule -and $rule -eq (Get-Value 'DOCKET_MASKING_RULE_ID')) { Write-Well 'secret links are masked in the logs (within the hour after a first deployment)' } else { Write-Left 'STOP: the logs keep secret links: azd provision' }
    # A visitor without a sign-in must be sent to it, whatever headers he brings.
    $forged = @{ 'X-MS-CLIENT-PRINCIPAL' = 'e30=' }
    $reply = Invoke-WebRequest "$url/desk" -Headers $forged -MaximumRedirection 0 -SkipHttpErrorCheck -ErrorAction SilentlyContinue
    if ($reply.StatusCode -in 301, 302, 401, 403) { Write-Well 'the console refuses visitors without a sign-in' } else { Write-Left "STOP: /desk answered $($reply.StatusCode) without a sign-in" }
}

function Step-Exchange {
    Write-Step 7 'Exchange: the app may use the desks'' mailboxes and no others'
    if ($Mailbox.Count -eq 0) { Write-Left 'name the desks'' mailboxes: -Mailbox support@...'; return }
    if (-not (Get-Command Get-ManagementScope -ErrorAction SilentlyContinue)) {
        Write-Left 'Install-Module ExchangeOnlineManagement; Connect-ExchangeOnline; then run this step again'; return
    }
    # https://learn.microsoft.com/exchange/permissions-exo/application-rbac
    $id = Get-Value 'DOCKET_APP_IDENTITY_CLIENT_ID'
    $object = Get-Value 'DOCKET_APP_IDENTITY_PRINCIPAL_ID'
    $name = "Docket-$(Get-Value 'AZURE_ENV_NAME')"
    $filter = ($Mailbox | ForEach-Object { "PrimarySmtpAddress -eq '$_'" }) -join ' -or '
    if (-not (Get-ServicePrincipal -Identity $object -ErrorAction SilentlyContinue) -and $PSCmdlet.ShouldProcess($name, 'tell Exchange of the identity')) {
        New-ServicePrincipal -AppId $id -ObjectId $object -DisplayName $name | Out-Null
    }
    $scope = Get-ManagementScope -Identity $name -ErrorAction SilentlyContinue
    if (-not $scope -and $PSCmdlet.ShouldProcess($name, 'create scope')) { New-ManagementScope -Name $name -RecipientRestrictionFilter $filter | Out-Null }
    elseif ($scope -and $PSCmdlet.ShouldProcess($name, 'set scope')) { Set-ManagementScope -Identity $name -RecipientRestrictionFilter $filter }
    foreach ($role in 'Application Mail.Send', 'Application Mail.ReadWrite') {
        $given = Get-ManagementRoleAssignment -Role $role -RoleAssignee $object -ErrorAction SilentlyContinue
        if (-not $given -and $PSCmdlet.ShouldProcess($name, "grant $role")) { New-ManagementRoleAssignment -App $object -Role $role -CustomResourceScope $name | Out-Null }
    }
    foreach ($address in $Mailbox) {
        $seen = @(Test-ServicePrincipalAuthorization -Identity $object -Resource $address | Where-Object { "$($_.InScope)" -eq 'True' })
        if ($seen.Count -ge 2) { Write-Well "$address is in scope" } else { Write-Left "$address is not in scope" }
    }
    if ($OtherMailbox) {
        $seen = @(Test-ServicePrincipalAuthorization -Identity $object -Resource $OtherMailbox | Where-Object { "$($_.InScope)" -eq 'True' })
        if ($seen.Count -eq 0) { Write-Well "$OtherMailbox is out of reach" } else { Write-Left "STOP: $OtherMailbox is in reach; look at the scope" }
    }
    # Consent in Entra ID adds up with Exchange's: one there would open every mailbox.
    $roles = az rest --method get --url "https://graph.microsoft.com/v1.0/servicePrincipals/$object/appRoleAssignments" --query 'value | length(@)' --output tsv
    if ($roles -eq '0') { Write-Well 'no consent in Entra ID widens that' } else { Write-Left "STOP: the identity holds $roles app roles in Entra ID; remove Mail.* there" }
}

function Step-Teams {
    Write-Step 8 'Teams: who posts'
    $vault = Get-Value 'DOCKET_VAULT_NAME'
    if ((Get-Value 'DOCKET_WORKFLOWS') -eq 'true') {
        if (Test-VaultSecret $vault 'workflow-urls') { Write-Well 'addresses of workflows are in the vault' } else { Write-Left 'step Secrets asks for the addresses of workflows' }
    }
    if (-not $TeamsClientId) { $TeamsClientId = Get-Value 'DOCKET_TEAMS_CLIENT_ID' }
    if (-not $TeamsClientId) { Write-Left 'threads need a service account: register a public client app with the delegated permissions ChannelMessage.Send and ChannelMessage.Read.All, then -TeamsClientId <id>'; return }
    if (-not (Test-VaultSecret $vault 'teams-refresh-token') -and $PSCmdlet.ShouldProcess('teams-refresh-token', 'sign the service account in')) {
        $tenant = az account show --query tenantId --output tsv
        $base = "https://login.microsoftonline.com/$tenant/oauth2/v2.0"
        $scope = 'https://graph.microsoft.com/ChannelMessage.Send https://graph.microsoft.com/ChannelMessage.Read.All offline_access'
        $code = Invoke-RestMethod "$base/devicecode" -Method Post -Body @{ client_id = $TeamsClientId; scope = $scope }
        Write-Host "   Sign in AS THE SERVICE ACCOUNT: $($code.message)"
        $token = $null
        $until = (Get-Date).AddSeconds($code.expires_in)
        while (-not $token -and (Get-Date) -lt $until) {
            Start-Sleep -Seconds $code.interval
            $token = Invoke-RestMethod "$base/token" -Method Post -SkipHttpErrorCheck -Body @{ grant_type = 'urn:ietf:params:oauth:grant-type:device_code'; client_id = $TeamsClientId; device_code = $code.device_code } |
                Where-Object { $_.PSObject.Properties['refresh_token'] }
        }
        if (-not $token) { Write-Left 'nobody signed in; run this step again'; return }
        Set-VaultSecret $vault 'teams-refresh-token' $token.refresh_token 'Refresh token of the Teams service account; the app renews it'
        azd env set DOCKET_TEAMS_CLIENT_ID $TeamsClientId
    }
    # The app stores the renewed token: it may write this one secret.
    $scope = (az keyvault show --name $vault --query id --output tsv) + '/secrets/teams-refresh-token'
    $principal = Get-Value 'DOCKET_APP_IDENTITY_PRINCIPAL_ID'
    $given = az role assignment list --assignee $principal --scope $scope --role 'Key Vault Secrets Officer' --query '[].id' --output tsv
    if (-not $given -and $PSCmdlet.ShouldProcess('teams-refresh-token', 'let the app renew it')) {
        az role assignment create --assignee-object-id $principal --assignee-principal-type ServicePrincipal --role 'Key Vault Secrets Officer' --scope $scope --output none
    }
    if (Test-VaultSecret $vault 'teams-refresh-token') { Write-Well 'the service account is signed in; provision again if DOCKET_TEAMS_CLIENT_ID is new' }
    Write-Left 'make the service account a member of each team (check with step 11)'
}

function Step-DevOps {
    Write-Step 9 'Azure DevOps: membership of the identity'
    if (-not $DevOpsOrganisation) { Write-Left 'name it: -DevOpsOrganisation contoso -DevOpsProject myTC (skip this when no desk uses it)'; return }
    $object = Get-Value 'DOCKET_APP_IDENTITY_PRINCIPAL_ID'
    $url = "https://vsaex.dev.azure.com/$DevOpsOrganisation/_apis/serviceprincipalentitlements?api-version=7.1-preview.1"
    $resource = '499b84ac-1321-427f-aa17-267ca6975798'
    if ($PSCmdlet.ShouldProcess($DevOpsOrganisation, 'add the identity with a Basic licence')) {
        $body = @{
            accessLevel         = @{ accountLicenseType = 'express' }
            servicePrincipal    = @{ origin = 'aad'; originId = $object; subjectKind = 'servicePrincipal' }
            projectEntitlements = @(@{ group = @{ groupType = 'projectContributor' }; projectRef = @{ id = (az rest --method get --resource $resource --url "https://dev.azure.com/$DevOpsOrganisation/_apis/projects/${DevOpsProject}?api-version=7.1" --query id --output tsv) } })
        } | ConvertTo-Json -Depth 5
        $file = New-TemporaryFile
        Set-Content $file $body
        $reply = az rest --method post --resource $resource --url $url --body "@$file" --headers 'Content-Type=application/json' --output json | ConvertFrom-Json
        Remove-Item $file
        if ($reply.operationResult.isSuccess -or "$($reply.operationResult.errors)" -match 'already') { Write-Well 'the identity is a member' } else { Write-Left "Azure DevOps refused: $($reply.operationResult.errors | ConvertTo-Json -Compress)" }
    }
    $app = Get-Value 'DOCKET_APP_URL'
    Write-Left "service hooks of ${DevOpsProject}: work item updated, commented, deleted, restored -> $app/api/hooks/azure-devops, user $(Get-Value 'DOCKET_HOOK_USER'), password = the vault's hook-password"
}

function Step-Forms {
    Write-Step 10 'Forms: consent of the connections'
    $group = Get-Value 'AZURE_RESOURCE_GROUP'
    $connections = @(az resource list --resource-group $group --resource-type Microsoft.Web/connections --query '[].id' --output json | ConvertFrom-Json)
    if ($connections.Count -eq 0) { Write-Left 'no form is forwarded: azd env set DOCKET_FORMS "desk|form|form id|file question ids", then azd provision'; return }
    foreach ($id in $connections) {
        $state = az resource show --ids $id --query 'properties.statuses[0].status' --output tsv
        $name = $id.Split('/')[-1]
        if ($state -eq 'Connected') { Write-Well "$name is connected" }
        else { Write-Left "${name}: open https://portal.azure.com/#resource$id/edit, Authorize as an owner of the form, save (state: $state)" }
    }
}

function Step-Doctor {
    Write-Step 11 'Doctor'
    Write-Left "open $(Get-Value 'DOCKET_APP_URL')/desk/<desk>/doctor as a lead: it tries each connection and says how to mend what fails"
}

$stages = @{
    Before      = 'Values', 'SignIn'
    Provisioned = 'Federation', 'Secrets'
    Deployed    = 'Keys', 'Health'
    Tenant      = 'Exchange', 'Teams', 'DevOps', 'Forms', 'Doctor'
}
$steps = if ($Step) { @($Step) } else { $stages[$Stage] }
foreach ($name in $steps) { & "Step-$name" }
if ($script:left.Count) {
    Write-Host "`nLeft for a person:" -ForegroundColor Yellow
    $script:left | ForEach-Object { Write-Host " - $_" }
}
