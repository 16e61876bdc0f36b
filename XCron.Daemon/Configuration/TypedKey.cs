namespace XCron.Daemon.Configuration;

/// <summary>A setting whose value has a type.</summary>
internal sealed class TypedKey<T>(string path, T defaultValue, ValueKind<T> kind, string doc)
    : ConfigurationKey(path, doc)
    where T : notnull
{
    public T Default { get; } = defaultValue;

    public override string Expectation => kind.Expectation;

    public override string DefaultToml => kind.Write(Default);

    public override Reading<object> Read(RawValue raw)
    {
        var reading = kind.Read(raw);
        return new Reading<object>(reading.Value, reading.Requirement);
    }
}
