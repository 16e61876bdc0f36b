# Builds .\xcron_server.exe at the root: one file that needs no .NET on the machine it runs on.
# NativeAOT where the C++ build tools are installed, else ReadyToRun; -Aot or -R2r asks for one of them.
param([switch] $Aot, [switch] $R2r)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Set-Location $PSScriptRoot
$env:DOTNET_NOLOGO = '1'
$env:DOTNET_CLI_TELEMETRY_OPTOUT = '1'
$env:MSBUILDDISABLENODEREUSE = '1'

if ($Aot -and $R2r) { throw 'build.ps1: -Aot or -R2r, not both' }
if (-not (Get-Command dotnet -ErrorAction SilentlyContinue)) {
    throw 'build.ps1: there is no dotnet; the .NET 10 SDK is needed: https://dotnet.microsoft.com/download'
}

$machine = switch ([System.Runtime.InteropServices.RuntimeInformation]::OSArchitecture) {
    'X64' { 'x64' }
    'Arm64' { 'arm64' }
    default { throw "build.ps1: no .NET for $_" }
}
$rid = "win-$machine"

# NativeAOT links with the tools of Visual Studio's workload "Desktop development with C++".
function Test-LinkerIsThere {
    $vswhere = "${env:ProgramFiles(x86)}\Microsoft Visual Studio\Installer\vswhere.exe"
    if (-not (Test-Path $vswhere)) { return $false }
    $component = if ($machine -eq 'arm64') { 'Microsoft.VisualStudio.Component.VC.Tools.ARM64' }
                 else { 'Microsoft.VisualStudio.Component.VC.Tools.x86.x64' }
    return [bool](& $vswhere -latest -prerelease -products '*' -requires $component -property installationPath)
}

$howToGet = 'winget install Microsoft.VisualStudio.2022.BuildTools --override ' +
    '"--passive --add Microsoft.VisualStudio.Workload.VCTools --includeRecommended"'
if ($Aot) {
    if (-not (Test-LinkerIsThere)) { throw "build.ps1: NativeAOT needs the C++ build tools: $howToGet" }
    $way = 'aot'
} elseif ($R2r) {
    $way = 'r2r'
} elseif (Test-LinkerIsThere) {
    $way = 'aot'
} else {
    $way = 'r2r'
    Write-Host "build.ps1: NativeAOT needs the C++ build tools, so this builds ReadyToRun. To have it: $howToGet"
}

if ($way -eq 'aot') {
    Write-Host "build.ps1: NativeAOT for $rid"
    $options = @('-p:PublishAot=true')
} else {
    Write-Host "build.ps1: ReadyToRun for $rid"
    $options = @('--self-contained', '-p:PublishReadyToRun=true', '-p:PublishSingleFile=true', '-p:PublishTrimmed=true')
}

$output = "artifacts/server/$rid-$way"
if (Test-Path $output) { Remove-Item -Recurse -Force $output }
dotnet publish XCron.Daemon -r $rid -c Release @options -o $output
if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }

Copy-Item -Force "$output/XCron.Daemon.exe" xcron_server.exe
$mebibytes = [math]::Round((Get-Item xcron_server.exe).Length / 1MB)
Write-Host "build.ps1: .\xcron_server.exe ($way, $mebibytes MB)"
