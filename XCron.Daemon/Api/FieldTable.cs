using System.Text;

namespace XCron.Daemon.Api;

/// <summary>The fields an object of a request may have, and the words for refusing any other.</summary>
internal sealed class FieldTable
{
    public const int MaxFields = 32;

    private const int MaxShownBytes = 64;

    private readonly Field[] _fields;
    private readonly string[] _taken;

    /// <param name="prefix">What stands before a field's name in messages: empty, or "callback.".</param>
    /// <param name="fields">A field's number is its place here.</param>
    public FieldTable(string prefix, Field[] fields)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(fields.Length, MaxFields);
        Prefix = prefix;
        _fields = fields;
        Names = Array.ConvertAll(fields, static field => field.Name);
        _taken = [.. fields.Where(static field => !field.IsRefused).Select(static field => field.Name)];
    }

    public string Prefix { get; }

    public static FieldTable Empty { get; } = new("", []);

    public IReadOnlyList<Field> Fields => _fields;

    /// <summary>By number; nobody changes it.</summary>
    public string[] Names { get; }

    public string Path(int field) => Prefix + _fields[field].Name;

    /// <summary>What would be right, to follow "must be".</summary>
    public string Expected(int field) => _fields[field].Expected;

    /// <summary>The number of the field of this name, or -1.</summary>
    public int Find(ReadOnlySpan<byte> utf8Name)
    {
        for (var field = 0; field < _fields.Length; field++)
        {
            if (utf8Name.SequenceEqual(_fields[field].Utf8Name))
                return field;
        }

        return -1;
    }

    public ApiError Duplicate(int field) => ApiError.BadRequest($"field \"{Path(field)}\" is given twice");

    public ApiError Missing(int field) =>
        ApiError.BadRequest($"field \"{Path(field)}\" is missing; must be {Expected(field)}");

    public ApiError Unknown(ReadOnlySpan<byte> utf8Name)
    {
        var isCut = utf8Name.Length > MaxShownBytes;
        var name = Encoding.UTF8.GetString(isCut ? utf8Name[..MaxShownBytes] : utf8Name);
        var likely = isCut ? null : NearestName.Find(name, _taken);
        var message = $"unknown field \"{Prefix}{name}{(isCut ? "…" : "")}\"";
        return ApiError.BadRequest(likely is null
            ? $"{message}; known are {string.Join(", ", _taken)}"
            : $"{message}; did you mean \"{likely}\"?");
    }
}
