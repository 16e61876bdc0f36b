using System.Text;
using System.Text.Json;

namespace XCron.Daemon.Api;

/// <summary>The fields an object of a request may have, and the words for refusing any other.</summary>
internal sealed class FieldTable
{
    public const int MaxFields = 32;

    private const int MaxShownBytes = 64;

    private readonly string _prefix;
    private readonly Field[] _fields;
    private readonly string[] _notYet;

    /// <param name="prefix">What stands before a field's name in messages: empty, or "callback.".</param>
    /// <param name="fields">A field's number is its place here.</param>
    /// <param name="notYet">Fields of the contract that this version cannot honour.</param>
    public FieldTable(string prefix, Field[] fields, string[]? notYet = null)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(fields.Length, MaxFields);
        _prefix = prefix;
        _fields = fields;
        _notYet = notYet ?? [];
        Names = Array.ConvertAll(fields, static field => field.Name);
    }

    public static FieldTable Empty { get; } = new("", []);

    public IReadOnlyList<Field> Fields => _fields;

    /// <summary>By number; nobody changes it.</summary>
    public string[] Names { get; }

    public string Path(int field) => _prefix + _fields[field].Name;

    /// <summary>What would be right, to follow "must be".</summary>
    public string Expected(int field) => _fields[field].Expected;

    /// <summary>The number of the field whose name the reader stands on, or -1.</summary>
    public int Find(ref Utf8JsonReader reader)
    {
        for (var field = 0; field < _fields.Length; field++)
        {
            if (reader.ValueTextEquals(_fields[field].Utf8Name))
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
        if (_notYet.Contains(name))
            return ApiError.BadRequest($"field \"{_prefix}{name}\" is not supported by this version");
        var likely = isCut ? null : NearestName.Find(name, Names.Concat(_notYet));
        var message = $"unknown field \"{_prefix}{name}{(isCut ? "…" : "")}\"";
        return ApiError.BadRequest(likely is null
            ? $"{message}; known are {string.Join(", ", Names)}"
            : $"{message}; did you mean \"{likely}\"?");
    }
}
