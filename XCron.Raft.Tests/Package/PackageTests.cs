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

    [SetUp]
    public void SetUp() => _directory = Directory.CreateTempSubdirectory("xcron-package-");

    [TearDown]
    public void TearDown() => _directory.Delete(recursive: true);

    [Test]
    public async Task The_page_of_the_readme_runs_against_the_packed_package()
    {
        var root = TidyTests.SourceFile.Root;
        var feed = Path.Combine(_directory.FullName, "feed");
        await RunAsync(root, "pack", "XCron.Raft", "-c", "Release", "-o", feed, "-m:1", "-p:Version=0.1.0-test");
        var project = _directory.CreateSubdirectory("stranger");
        var page = CSharpBlock().Match(await File.ReadAllTextAsync(Path.Combine(root, "XCron.Raft", "README.md")));
        await File.WriteAllTextAsync(Path.Combine(project.FullName, "Program.cs"), page.Groups[1].Value);
        await File.WriteAllTextAsync(Path.Combine(project.FullName, "stranger.csproj"), Project(feed));

        var output = await RunAsync(project.FullName, "run", "-c", "Release");

        Assert.That(output, Does.Contain("applied\ncolour is blue\ncolour is blue\ncolour is blue\n"));
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
