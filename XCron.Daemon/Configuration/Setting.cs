namespace XCron.Daemon.Configuration;

/// <summary>A key and its value as somebody wrote them.</summary>
/// <param name="Path">"http_port", "peer.self"; not yet known to be a key.</param>
/// <param name="Value">What was written.</param>
/// <param name="Origin">Which of the three.</param>
/// <param name="Where">"xcron.toml:12", "environment XCRON_HTTP_PORT", "option --http_port".</param>
internal sealed record Setting(string Path, RawValue Value, SettingOrigin Origin, string Where)
{
    /// <summary>How the key is written where this setting was.</summary>
    public string Spell(ConfigurationKey key) => Origin switch
    {
        SettingOrigin.Environment => key.Variable,
        SettingOrigin.CommandLine => key.Option,
        _ when key.Section.Length == 0 && Path.Contains('.') => $"{key.Name}, above the first [section]",
        _ => key.Label,
    };

    /// <summary>The path as messages name it: "http_prot", "[peer] slef".</summary>
    public string Label =>
        Path.LastIndexOf('.') is var dot and > 0 ? $"[{Path[..dot]}] {Path[(dot + 1)..]}" : Path;
}

/// <summary>Rising: a later one wins.</summary>
internal enum SettingOrigin
{
    File = 0,
    Environment = 1,
    CommandLine = 2,
}
