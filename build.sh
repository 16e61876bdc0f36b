#!/usr/bin/env bash
# Builds ./xcron_server at the root: one file that needs no .NET on the machine it runs on.
# NativeAOT where clang and the zlib headers are installed, else ReadyToRun; --aot or --r2r asks for one of them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1

usage() {
  echo "usage: bash build.sh [--aot | --r2r]"
  echo "  --aot  NativeAOT: starts at once, least memory; needs clang and the zlib headers"
  echo "  --r2r  ReadyToRun: needs nothing but the .NET SDK"
  echo "  without either: NativeAOT if what it needs is there, else ReadyToRun"
}

way=auto
for argument in "$@"; do
  case "$argument" in
    --aot) way=aot ;;
    --r2r) way=r2r ;;
    -h | --help) usage; exit 0 ;;
    *) echo "build.sh: unknown argument $argument" >&2; usage >&2; exit 2 ;;
  esac
done

if ! command -v dotnet > /dev/null; then
  echo "build.sh: there is no dotnet; the .NET 10 SDK is needed: https://dotnet.microsoft.com/download" >&2
  exit 1
fi

# What NativeAOT needs beyond the SDK and is not there; empty if nothing.
missing_for_aot() {
  if ! command -v clang > /dev/null; then
    echo "clang"
  elif ! echo '#include <zlib.h>' | clang -x c -fsyntax-only - > /dev/null 2>&1; then
    echo "the zlib headers"
  fi
}

how_to_get() {
  case "$(uname -s)" in
    Darwin) echo "xcode-select --install" ;;
    *)
      if command -v apt-get > /dev/null; then echo "sudo apt-get install clang zlib1g-dev"
      elif command -v dnf > /dev/null; then echo "sudo dnf install clang zlib-devel"
      elif command -v apk > /dev/null; then echo "apk add clang build-base zlib-dev"
      elif command -v pacman > /dev/null; then echo "sudo pacman -S clang zlib"
      elif command -v zypper > /dev/null; then echo "sudo zypper install clang zlib-devel"
      else echo "install clang and the development files of zlib"
      fi ;;
  esac
}

runtime_identifier() {
  local os machine
  case "$(uname -s)" in
    Linux)
      # musl's ldd says its name and fails.
      case "$(ldd --version 2>&1 || true)" in *musl*) os=linux-musl ;; *) os=linux ;; esac ;;
    Darwin) os=osx ;;
    *) echo "build.sh: for $(uname -s) there is build.ps1 or dotnet publish" >&2; return 1 ;;
  esac
  case "$(uname -m)" in
    x86_64 | amd64) machine=x64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) echo "build.sh: no .NET for $(uname -m)" >&2; return 1 ;;
  esac
  echo "$os-$machine"
}

missing="$(missing_for_aot)"
if [ "$way" = aot ] && [ -n "$missing" ]; then
  echo "build.sh: NativeAOT needs $missing: $(how_to_get)" >&2
  exit 1
fi
if [ "$way" = auto ]; then
  way=aot
  if [ -n "$missing" ]; then
    way=r2r
    echo "build.sh: NativeAOT needs $missing, so this builds ReadyToRun. To have it: $(how_to_get)"
  fi
fi

rid="$(runtime_identifier)"
output="artifacts/server/$rid-$way"
if [ "$way" = aot ]; then
  echo "build.sh: NativeAOT for $rid"
  options=(-p:PublishAot=true)
else
  echo "build.sh: ReadyToRun for $rid"
  options=(--self-contained -p:PublishReadyToRun=true -p:PublishSingleFile=true -p:PublishTrimmed=true)
fi

rm -rf "$output"
dotnet publish XCron.Daemon -r "$rid" -c Release "${options[@]}" -o "$output" < /dev/null

# Renamed into place, so that a server that runs from the old file goes on.
cp "$output/XCron.Daemon" xcron_server.new
chmod +x xcron_server.new
mv -f xcron_server.new xcron_server
echo "build.sh: ./xcron_server ($way, $(du -h xcron_server | cut -f 1))"
