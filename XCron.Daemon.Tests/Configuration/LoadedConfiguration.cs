using System.Net;
using XCron.Daemon.Configuration;

namespace XCron.Daemon.Tests.Configuration;

/// <summary>Loads a configuration in a directory of its own, on a machine that is 10.0.0.1 and node1.</summary>
internal sealed class LoadedConfiguration : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("xcron-configuration-");
    private readonly Dictionary<string, string> _environment = [];

    public string WorkingDirectory => _directory.FullName;

    public LoadedConfiguration WithFile(string text, string name = "xcron.toml")
    {
        File.WriteAllText(Path.Combine(WorkingDirectory, name), text);
        return this;
    }

    public LoadedConfiguration WithVariable(string name, string value)
    {
        _environment[name] = value;
        return this;
    }

    public ConfigurationOutcome Load(params string[] arguments) => LoadOn(TimeZoneInfo.Utc, arguments);

    public ConfigurationOutcome LoadOn(TimeZoneInfo localZone, params string[] arguments) =>
        ConfigurationLoader.Load(new Surroundings
        {
            Arguments = arguments,
            Environment = _environment,
            WorkingDirectory = WorkingDirectory,
            HostName = "node1",
            Addresses = [IPAddress.Loopback, IPAddress.Parse("10.0.0.1")],
            LocalZone = localZone,
        });

    /// <summary>The options, or a failure of the test with the errors.</summary>
    public XCronOptions Options(params string[] arguments)
    {
        var outcome = Load(arguments);
        Assert.That(
            outcome, Is.InstanceOf<ConfigurationOutcome.Run>(), (outcome as ConfigurationOutcome.Refused)?.Message);
        return ((ConfigurationOutcome.Run)outcome).Options;
    }

    /// <summary>The one error there is.</summary>
    public string Error(params string[] arguments)
    {
        var outcome = Load(arguments);
        Assert.That(outcome, Is.InstanceOf<ConfigurationOutcome.Refused>());
        var errors = ((ConfigurationOutcome.Refused)outcome).Errors;
        Assert.That(errors, Has.Count.EqualTo(1), string.Join('\n', errors));
        return errors[0];
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
