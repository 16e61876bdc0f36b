using System.Diagnostics;
using System.Text.RegularExpressions;

namespace XCron.Raft.Tests.Package;

/// <summary>
/// What a stranger gets: the page of the package's README, compiled against the packed package, and run.
/// </summary>
[Category("Package")]
internal sealed partial class PackageTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private DirectoryInfo _directory = null!;
    private PackedPackage _package = null!;

    private string Feed => Path.Combine(_directory.FullName, "feed");

    [OneTimeSetUp]
    public async Task Pack()
    {
        _directory = Directory.CreateTempSubdirectory("xcron-package-");
        await RunAsync(
            TidyTests.SourceFile.Root, "pack", "XCron.Raft", "-c", "Release", "-o", Feed, "-m:1",
            "-p:Version=0.1.0-test", "-p:ContinuousIntegrationBuild=true");
        _package = new PackedPackage(Feed);
    }

    [OneTimeTearDown]
    public void TearDown()
    {
        _package?.Dispose();
        _directory.Delete(recursive: true);
    }

    [Test]
    public async Task The_page_of_the_readme_runs_against_the_packed_package_and_again_over_its_own_data()
    {
        var project = _directory.CreateSubdirectory("stranger");
        var page = CSharpBlock().Match(_package.Readme);
        await File.WriteAllTextAsync(Path.Combine(project.FullName, "Program.cs"), page.Groups[1].Value);
        await File.WriteAllTextAsync(Path.Combine(project.FullName, "stranger.csproj"), Project(Feed));

        var first = await RunAsync(project.FullName, "run", "-c", "Release");
        var second = await RunAsync(project.FullName, "run", "-c", "Release", "--no-build");

        var expected = "applied with code 0\n" + string.Concat(Enumerable.Repeat("colour is blue\n", 4));
        Assert.That(first, Does.EndWith(expected));
        Assert.That(second, Is.EqualTo(expected));
    }

    [Test]
    public void The_package_says_what_it_is_and_brings_four_others()
    {
        var metadata = _package.Metadata;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(metadata.Element("id")!.Value, Is.EqualTo("XCron.Raft"));
            Assert.That(metadata.Element("license")!.Attribute("type")!.Value, Is.EqualTo("expression"));
            Assert.That(metadata.Element("license")!.Value, Is.EqualTo("Apache-2.0"));
            Assert.That(metadata.Element("readme")!.Value, Is.EqualTo("README.md"));
            Assert.That(metadata.Element("description")!.Value, Has.Length.GreaterThan(40));
            Assert.That(
                metadata.Descendants("dependency").Select(dependency => dependency.Attribute("id")!.Value),
                Is.EquivalentTo(
                [
                    "Google.Protobuf", "Grpc.Core.Api", "Grpc.Net.Client", "Microsoft.Extensions.Logging.Abstractions",
                ]));
            Assert.That(
                _package.Files.Where(file => file.StartsWith("lib/", StringComparison.Ordinal)),
                Is.EquivalentTo(["lib/net10.0/XCron.Raft.dll", "lib/net10.0/XCron.Raft.xml"]));
        }
    }

    [Test]
    public void Only_the_root_and_the_transport_are_public()
    {
        var namespaces = _package.PublicTypes.Select(type => type[..type.LastIndexOf('.')]).Distinct();

        Assert.That(namespaces, Is.EquivalentTo(["XCron.Raft", "XCron.Raft.Grpc"]));
        Assert.That(
            _package.PublicTypes.Where(type => type.StartsWith("XCron.Raft.Grpc.", StringComparison.Ordinal)),
            Is.EquivalentTo(["XCron.Raft.Grpc.GrpcRaftTransport", "XCron.Raft.Grpc.GrpcTransportOptions"]));
    }

    [Test]
    public void Every_public_type_has_a_summary()
    {
        var described = _package.Documentation.Descendants("member")
            .Where(member => !string.IsNullOrWhiteSpace(member.Element("summary")?.Value))
            .Select(member => member.Attribute("name")!.Value);

        Assert.That(_package.PublicTypes.Select(type => $"T:{type}"), Is.SubsetOf(described));
    }

    [Test]
    public void The_same_source_gives_the_same_bytes_and_symbols_name_no_machine()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_package.IsReproducible, Is.True);
            Assert.That(_package.SymbolDocuments, Has.Length.GreaterThan(100));
            Assert.That(_package.SymbolDocuments, Has.All.StartsWith("/_"));
        }
    }

    private static string Project(string feed) =>
        $"""
        <Project Sdk="Microsoft.NET.Sdk.Web">
          <PropertyGroup>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
            <ImplicitUsings>enable</ImplicitUsings>
            <RestoreAdditionalProjectSources>{feed}</RestoreAdditionalProjectSources>
            <RestorePackagesPath>{feed}-cache</RestorePackagesPath>
          </PropertyGroup>
          <ItemGroup>
            <PackageReference Include="XCron.Raft" Version="0.1.0-test" />
            <PackageReference Include="Grpc.AspNetCore.Server" Version="2.85.0" />
          </ItemGroup>
        </Project>
        """;

    private static async Task<string> RunAsync(string workingDirectory, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        using var limit = new CancellationTokenSource(Limit);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        Assert.That(process.ExitCode, Is.Zero, $"dotnet {string.Join(' ', arguments)}\n{await output}\n{await errors}");
        return await output;
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();
}
