namespace XCron.Daemon.Api;

/// <summary>The parameters of a query, by the numbers of their <see cref="FieldTable"/>.</summary>
internal readonly struct QueryValues(FieldTable table)
{
    private readonly List<string>?[] _values = new List<string>?[table.Fields.Count];

    /// <summary>The value, or null where it is not given.</summary>
    public string? this[int parameter] => _values[parameter]?[0];

    /// <summary>Every value of a parameter that may be repeated, in the order given.</summary>
    public IReadOnlyList<string> All(int parameter) => _values[parameter] ?? [];

    public void Add(int parameter, string value) => (_values[parameter] ??= []).Add(value);
}
