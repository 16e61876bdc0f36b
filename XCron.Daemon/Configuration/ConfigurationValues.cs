namespace XCron.Daemon.Configuration;

/// <summary>The values of all keys: the last one written, else the default; and where it was written.</summary>
internal sealed class ConfigurationValues
{
    private readonly Dictionary<ConfigurationKey, (object Value, string Where)> _written = [];
    private readonly List<string> _errors = [];

    public IReadOnlyList<string> Errors => _errors;

    /// <summary>Takes settings in rising order of precedence; a wrong one is an error and changes nothing.</summary>
    public void Take(Setting setting)
    {
        if (ConfigurationKeys.Find(setting.Path) is not { } key)
        {
            var meant = NearMiss.Find(setting.Path) is { } near
                ? $"; did you mean {setting.Spell(near)}?"
                : "; xcron_server --help lists them all.";
            _errors.Add($"{setting.Where}: {setting.Label} is not a setting{meant}");
            return;
        }

        var reading = key.Read(setting.Value);
        if (reading.Requirement is null)
            _written[key] = (reading.Value, setting.Where);
        else if (key.IsSecret)
            _errors.Add($"{setting.Where}: {key.Label} must be {key.Expectation}.");
        else
            _errors.Add($"{setting.Where}: {key.Label} is {setting.Value}; {reading.Requirement}.");
    }

    public T Get<T>(TypedKey<T> key)
        where T : notnull =>
        _written.TryGetValue(key, out var written) ? (T)written.Value : key.Default;

    /// <summary>Where the first of the keys that has no default value was written.</summary>
    public string WhereFirst(params ReadOnlySpan<ConfigurationKey> keys)
    {
        foreach (var key in keys)
        {
            if (_written.TryGetValue(key, out var written))
                return written.Where;
        }

        return "defaults";
    }
}
