namespace XCron.Daemon.Configuration;

/// <summary>One setting: the same in the file, the environment and on the command line.</summary>
internal abstract class ConfigurationKey(string path, string doc)
{
    /// <summary>"http_port", or with its section "peer.self".</summary>
    public string Path { get; } = path;

    /// <summary>What it is for, its unit, and why its default; sentences.</summary>
    public string Doc { get; } = doc;

    /// <summary>The table of the file it stands in; empty at the top.</summary>
    public string Section => Path.Contains('.') ? Path[..Path.IndexOf('.')] : "";

    public string Name => Path[(Path.IndexOf('.') + 1)..];

    /// <summary>As messages name it: "http_port", "[peer] self".</summary>
    public string Label => Section.Length == 0 ? Name : $"[{Section}] {Name}";

    public string Option => $"--{Path}";

    public string Variable => EnvironmentSettings.Prefix + Path.Replace(".", "__").ToUpperInvariant();

    /// <summary>Its value is not repeated in messages.</summary>
    public bool IsSecret { get; init; }

    /// <summary>What a value must be: follows "must be ".</summary>
    public abstract string Expectation { get; }

    public abstract string DefaultToml { get; }

    public abstract Reading<object> Read(RawValue raw);
}
