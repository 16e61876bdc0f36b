using XCron.Daemon.Configuration;

namespace XCron.Daemon.Tests.Configuration;

internal sealed class ConfigurationTextTests
{
    [Test]
    public void The_file_at_the_root_has_every_key_with_its_default_and_a_comment()
    {
        var shipped = File.ReadAllText(Path.Combine(Root(), "xcron.toml")).ReplaceLineEndings("\n");

        Assert.That(
            shipped,
            Is.EqualTo(ConfigurationText.DefaultFile()),
            "dotnet run --project XCron.Daemon -- --default-conf > xcron.toml");
        foreach (var key in ConfigurationKeys.All)
            Assert.That(shipped, Does.Contain($"\n{key.Name} = {key.DefaultToml}\n"), key.Path);
    }

    [Test]
    public void The_file_of_defaults_loads_as_the_defaults()
    {
        using var configuration = new LoadedConfiguration().WithFile(ConfigurationText.DefaultFile(), "all.toml");

        var named = configuration.Options("--conf", "all.toml");
        var none = configuration.Options();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(named, Is.EqualTo(none).UsingPropertiesComparer());
            Assert.That(named.RaftDir, Is.EqualTo(Path.Combine(configuration.WorkingDirectory, "data/")));
        }
    }

    [TestCase("--help")]
    [TestCase("-h")]
    public void Help_shows_every_option_with_its_default(string ask)
    {
        using var configuration = new LoadedConfiguration();

        var help = ((ConfigurationOutcome.Print)configuration.Load("--http_port", "1", ask)).Text;

        using (Assert.EnterMultipleScope())
        {
            foreach (var key in ConfigurationKeys.All)
                Assert.That(help, Does.Contain($"\n  {key.Option} "), key.Path);
            Assert.That(help, Does.Contain("\n  --http_port 8000\n"));
            Assert.That(help, Does.Contain("\n  --peer.peer_hosts \"\"\n"));
            Assert.That(help, Does.Contain("\n  --callback.deny 169.254.0.0/16,fe80::/10,"));
            Assert.That(help.Split('\n').Max(line => line.Length), Is.AtMost(120));
        }
    }

    [Test]
    public void Version_is_one_line()
    {
        using var configuration = new LoadedConfiguration();

        var version = ((ConfigurationOutcome.Print)configuration.Load("--version")).Text;

        Assert.That(version, Does.Match(@"^xcron \d+\.\d+\.\d+\S*\n$"));
    }

    [Test]
    public void Keys_are_unique_and_each_is_documented()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ConfigurationKeys.All.Select(key => key.Path), Is.Unique);
            Assert.That(ConfigurationKeys.All.Select(key => key.Variable), Is.Unique);
            foreach (var key in ConfigurationKeys.All)
                Assert.That(key.Doc, Does.EndWith("."), key.Path);
        }
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(TestContext.CurrentContext.TestDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Directory.Build.props")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException("No repository root above the tests.");
        return folder.FullName;
    }
}
