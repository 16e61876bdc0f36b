using System.Globalization;
using System.Net;
using System.Text;
using XCron.Daemon.Diagnostics;

namespace XCron.Daemon.Configuration;

/// <summary>
/// Reads the file, the environment and the command line, in rising order, and checks all of it before anything starts.
/// </summary>
/// <remarks>
/// By hand rather than as a provider of Microsoft.Extensions.Configuration: there every value is text without a line
/// or a type, lists of two sources are merged item by item (a shorter list of the environment would keep the file's
/// last peers), and a binder passes over a key it does not know in silence.
/// </remarks>
internal static class ConfigurationLoader
{
    public const string DefaultFileName = "xcron.toml";

    private const long MaxFileBytes = 1024 * 1024;

    public static ConfigurationOutcome Load(Surroundings surroundings)
    {
        var recover = RecoverAsk.Parse(surroundings.Arguments, out var arguments, out var contradiction);
        var commandLine = CommandLine.Parse(arguments);
        if (commandLine.Ask == CommandLineAsk.HashKey)
            return KeyHasher.Hash(surroundings.ReadInputLine());
        if (commandLine.Ask != CommandLineAsk.Run)
            return new ConfigurationOutcome.Print(TextOf(commandLine.Ask));

        var errors = new List<string>(commandLine.Errors);
        if (contradiction is not null)
            errors.Add(contradiction);
        var (file, fileSettings) = ReadFile(surroundings, commandLine.ConfPath, errors);
        var values = new ConfigurationValues();
        Setting[] settings =
            [.. fileSettings, .. EnvironmentSettings.Read(surroundings.Environment), .. commandLine.Settings];
        foreach (var setting in settings)
            values.Take(setting);

        errors.AddRange(values.Errors);
        if (errors.Count == 0)
            errors.AddRange(OptionsRules.Broken(values));
        if (errors.Count > 0)
            return new ConfigurationOutcome.Refused(errors);

        var self = FindSelf(values, surroundings, errors);
        var zone = FindZone(values, surroundings, errors);
        var tls = TlsRules.Read(values, surroundings.WorkingDirectory, errors);
        if (errors.Count > 0)
            return new ConfigurationOutcome.Refused(errors);

        var options = Bind(values, surroundings, self, zone, tls);
        return recover is null
            ? new ConfigurationOutcome.Run(options, file)
            : new ConfigurationOutcome.Recover(options, recover);
    }

    private static string TextOf(CommandLineAsk ask) => ask switch
    {
        CommandLineAsk.Help => ConfigurationText.Help(),
        CommandLineAsk.DefaultFile => ConfigurationText.DefaultFile(),
        _ => $"xcron {DaemonVersion.Full}\n",
    };

    private static (string? File, IReadOnlyList<Setting> Settings) ReadFile(
        Surroundings surroundings, string? optionPath, List<string> errors)
    {
        var variable = surroundings.Environment.GetValueOrDefault(EnvironmentSettings.FileVariable, "");
        var (path, namedBy) = (optionPath, variable) switch
        {
            ({ } option, _) => (option, "option --conf"),
            (_, { Length: > 0 }) => (variable, $"environment {EnvironmentSettings.FileVariable}"),
            _ => (DefaultFileName, null),
        };
        var file = new FileInfo(Path.Combine(surroundings.WorkingDirectory, path));
        if (namedBy is null && !file.Exists)
            return (null, []);

        try
        {
            if (!file.Exists)
                errors.Add($"{namedBy}: there is no file \"{path}\".");
            else if (file.Length > MaxFileBytes)
                errors.Add(string.Create(CultureInfo.InvariantCulture,
                    $"{path}: is {file.Length} bytes; must be at most {MaxFileBytes}."));
            else
            {
                var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
                var read = TomlSettings.Read(path, File.ReadAllText(file.FullName, utf8));
                errors.AddRange(read.Errors);
                return (path, read.Settings);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{path}: cannot be read: {exception.Message}");
        }
        catch (DecoderFallbackException)
        {
            errors.Add($"{path}: is not UTF-8, which TOML must be.");
        }

        return (path, []);
    }

    private static string FindSelf(ConfigurationValues values, Surroundings surroundings, List<string> errors)
    {
        // Where one address is listened on, peers reach no other.
        var bind = values.Get(ConfigurationKeys.Bind);
        var isEverywhere = bind.Equals(IPAddress.Any) || bind.Equals(IPAddress.IPv6Any);
        var detected = SelfAddress.Detect(
            values.Get(ConfigurationKeys.PeerHosts),
            values.Get(ConfigurationKeys.Self),
            isEverywhere ? surroundings.Addresses : [bind],
            surroundings.HostName,
            values.Get(ConfigurationKeys.PeerPort));
        if (detected is SelfAddress.Found found)
            return found.Address;

        var where = values.WhereFirst(ConfigurationKeys.PeerHosts);
        errors.Add($"{where}: {((SelfAddress.Unclear)detected).Message}");
        return "";
    }

    private static TimeZoneInfo FindZone(ConfigurationValues values, Surroundings surroundings, List<string> errors)
    {
        var name = values.Get(ConfigurationKeys.DefaultTimezone);
        var isLocal = name.Length == 0;
        var variable = surroundings.Environment.GetValueOrDefault(ZoneVariable.Name, "");
        if (isLocal && !OperatingSystem.IsWindows() && !ZoneVariable.IsUnderstood(variable))
        {
            errors.Add(
                $"environment {ZoneVariable.Name}: is \"{variable}\", which is no zone of this machine's tz database, "
                + "and default_timezone is empty; set either to one, such as \"Asia/Shanghai\".");
            return surroundings.LocalZone;
        }

        if (TimeZoneInfo.TryFindSystemTimeZoneById(isLocal ? surroundings.LocalZone.Id : name, out var zone))
            return zone;

        errors.Add(
            $"defaults: default_timezone is empty, and this machine's own zone (\"{surroundings.LocalZone.Id}\") has "
            + "no name in the tz database by which it could be stored; set one, such as \"Asia/Shanghai\".");
        return surroundings.LocalZone;
    }

    private static XCronOptions Bind(
        ConfigurationValues values, Surroundings surroundings, string self, TimeZoneInfo zone, TlsSection tls) => new()
    {
        Env = values.Get(ConfigurationKeys.Env),
        HttpPort = values.Get(ConfigurationKeys.HttpPort),
        MonitorPort = values.Get(ConfigurationKeys.MonitorPort),
        PeerPort = values.Get(ConfigurationKeys.PeerPort),
        Bind = values.Get(ConfigurationKeys.Bind),
        RaftDir = Path.GetFullPath(values.Get(ConfigurationKeys.RaftDir), surroundings.WorkingDirectory),
        DefaultTimezone = zone,
        RequestTimeout = values.Get(ConfigurationKeys.RequestTimeout),
        MaxRequestBytes = values.Get(ConfigurationKeys.MaxRequestBytes),
        OwnerTimeout = values.Get(ConfigurationKeys.OwnerTimeout),
        CompletedRetention = values.Get(ConfigurationKeys.CompletedRetention),
        MisfireThreshold = values.Get(ConfigurationKeys.MisfireThreshold),
        Peer = new PeerSection
        {
            PeerHosts = values.Get(ConfigurationKeys.PeerHosts),
            Join = values.Get(ConfigurationKeys.Join),
            Self = self,
            SharedSecret = values.Get(ConfigurationKeys.SharedSecret),
        },
        Raft = new RaftSection
        {
            ElectionTimeout = values.Get(ConfigurationKeys.ElectionTimeout),
            HeartbeatInterval = values.Get(ConfigurationKeys.HeartbeatInterval),
            SegmentBytes = values.Get(ConfigurationKeys.SegmentBytes),
            SnapshotLogBytes = values.Get(ConfigurationKeys.SnapshotLogBytes),
        },
        Callback = new CallbackSection
        {
            MaxConcurrent = values.Get(ConfigurationKeys.MaxConcurrent),
            MaxPerHost = values.Get(ConfigurationKeys.MaxPerHost),
            Allow = values.Get(ConfigurationKeys.Allow),
            Deny = values.Get(ConfigurationKeys.Deny),
            SigningSecrets = values.Get(ConfigurationKeys.SigningSecrets),
        },
        Auth = new AuthSection { ApiKeys = values.Get(ConfigurationKeys.ApiKeys) },
        Tls = tls,
        Log = new LogSection { Level = values.Get(ConfigurationKeys.Level) },
    };
}
