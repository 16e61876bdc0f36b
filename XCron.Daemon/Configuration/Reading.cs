namespace XCron.Daemon.Configuration;

/// <summary>What came of reading a <see cref="RawValue"/>: a value, or the words that say what it must be.</summary>
/// <param name="Value">Meaningful where there is no requirement.</param>
/// <param name="Requirement">Null when the value is good; else it follows "KEY is VALUE; " in the message.</param>
internal readonly record struct Reading<T>(T Value, string? Requirement)
{
    public static implicit operator Reading<T>(T value) => new(value, null);

    public static Reading<T> Refused(string requirement) => new(default!, requirement);
}
