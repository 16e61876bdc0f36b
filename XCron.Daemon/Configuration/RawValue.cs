namespace XCron.Daemon.Configuration;

/// <summary>
/// A value as it was written, before anybody knows what it should be. A file's values have a type (8000 is not "8000");
/// those of the environment and the command line are text that may stand for anything, a list by its commas.
/// </summary>
internal sealed class RawValue
{
    private readonly string? _text;
    private readonly string? _number;
    private readonly IReadOnlyList<RawValue>? _items;
    private readonly string _shown;

    private RawValue(string shown, string? text = null, string? number = null, IReadOnlyList<RawValue>? items = null)
    {
        _shown = shown;
        _text = text;
        _number = number;
        _items = items;
    }

    /// <summary>The text, or null if this is something else.</summary>
    public string? Text => _text;

    /// <summary>A number's digits in invariant form, to be parsed; null if this is something else.</summary>
    public string? Number => _number;

    /// <summary>The members of a list; null if this is something else.</summary>
    public IReadOnlyList<RawValue>? Items => _items;

    public static RawValue Untyped(string text) =>
        new(Quote(text), text.Trim(), text.Trim(), [.. Split(text).Select(item => OfText(item.Trim()))]);

    public static RawValue OfText(string text) => new(Quote(text), text: text);

    public static RawValue OfNumber(string number) => new(number, number: number);

    public static RawValue OfList(IReadOnlyList<RawValue> items) => new($"[{string.Join(", ", items)}]", items: items);

    /// <summary>A value of a type that no setting has.</summary>
    public static RawValue OfOther(string shown) => new(shown);

    /// <summary>As it is shown in a message.</summary>
    public override string ToString() => _shown;

    private static string[] Split(string text) => string.IsNullOrWhiteSpace(text) ? [] : text.Split(',');

    private static string Quote(string text) => $"\"{text}\"";
}
