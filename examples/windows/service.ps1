# Installs Fluent Bit with the plugin as a Windows service. For an elevated PowerShell, in a folder with fluent-bit.conf and
# kinesis.dll (kinesis-VERSION-windows-amd64.dll of a release), after Fluent Bit itself has been installed:
#
#   .\service.ps1 -Region us-west-2
#
# To remove it: Stop-Service fluent-bit; sc.exe delete fluent-bit
Param(
    [Parameter(Mandatory = $true)][string]$Region,
    [string]$FluentBit = "C:\Program Files\fluent-bit",
    [string]$State = "C:\ProgramData\fluent-bit"
)
$ErrorActionPreference = "Stop"

# Where in the event log Fluent Bit was, what waits for the stream, the ledger, and Fluent Bit's own log.
New-Item -ItemType Directory -Force -Path $State | Out-Null
Copy-Item -Force kinesis.dll "$FluentBit\bin\kinesis.dll"
Copy-Item -Force fluent-bit.conf "$FluentBit\conf\fluent-bit.conf"

$command = "`"$FluentBit\bin\fluent-bit.exe`" -e `"$FluentBit\bin\kinesis.dll`" -c `"$FluentBit\conf\fluent-bit.conf`""
New-Service -Name fluent-bit -DisplayName "Fluent Bit" -BinaryPathName $command -StartupType Automatic `
    -Description "Sends the event log to Amazon Kinesis." | Out-Null

# The environment of the service alone. On EC2 the credentials come from the instance's role.
Set-ItemProperty -Path HKLM:\SYSTEM\CurrentControlSet\Services\fluent-bit -Name Environment -Type MultiString `
    -Value @("AWS_REGION=$Region")

# Started again after 5 seconds whenever it ends by itself.
sc.exe failure fluent-bit reset= 86400 actions= restart/5000/restart/5000/restart/5000

Start-Service fluent-bit
Get-Service fluent-bit
