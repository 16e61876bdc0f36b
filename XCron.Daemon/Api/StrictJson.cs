using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace XCron.Daemon.Api;

/// <summary>
/// Reads a request's JSON field by field: nothing unknown, nothing twice, nothing of another type. What is wrong with a
/// well-formed document is a value, <see cref="Error"/>, and ends the reading; what is no JSON throws JsonException.
/// </summary>
internal ref struct StrictJson
{
    /// <summary>What <see cref="NextField"/> returns behind the last field, and on an error.</summary>
    public const int End = -1;

    /// <summary>
    /// How deep an object of the user's may be nested, itself counted, whatever it stands in. What else a document
    /// nests is what the tables say, and nothing here calls itself. The reader's own limit counts what stands around.
    /// </summary>
    public const int MaxObjectDepth = 62;

    private const int MaxShownBytes = 64;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private readonly ReadOnlySpan<byte> _json;
    private Utf8JsonReader _reader;

    public StrictJson(ReadOnlySpan<byte> json)
    {
        _json = json;
        _reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = int.MaxValue });
    }

    /// <summary>The first thing that was wrong, or null.</summary>
    public ApiError? Error { get; private set; }

    public readonly bool IsText => _reader.TokenType == JsonTokenType.String;

    public readonly bool IsNull => _reader.TokenType == JsonTokenType.Null;

    public readonly bool IsNumber => _reader.TokenType == JsonTokenType.Number;

    public static ApiError NotJson(JsonException exception)
    {
        // The reader's message ends with its own wording of the position.
        var message = exception.Message;
        var cut = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return ApiError.BadRequest(
            $"the body is not JSON at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}: " +
            (cut < 0 ? message : message[..cut]));
    }

    /// <summary>Enters the document, which must be one object.</summary>
    public bool OpenDocument()
    {
        if (_json.IsEmpty)
            return Fail(ApiError.BadRequest("the body is empty; must be a JSON object"));
        if (!Utf8.IsValid(_json))
            return Fail(ApiError.BadRequest($"the body is not valid UTF-8 at byte {FirstInvalid(_json) + 1}"));
        if (_json.StartsWith(ByteOrderMark))
            return Fail(ApiError.BadRequest("the body begins with a byte order mark; must begin with the JSON object"));
        _reader.Read();
        return _reader.TokenType == JsonTokenType.StartObject ||
            Fail(ApiError.BadRequest($"the body is {ShownValue()}; must be a JSON object"));
    }

    /// <summary>Makes sure that nothing follows the document.</summary>
    public bool CloseDocument()
    {
        if (Error is null)
            _reader.Read();
        return Error is null;
    }

    /// <summary>Goes on to the next field's value and returns the field's number in the table.</summary>
    /// <param name="table">The fields of this object.</param>
    /// <param name="seen">One bit for each field seen; the caller starts with none.</param>
    public int NextField(FieldTable table, ref uint seen)
    {
        if (Error is not null)
            return End;
        _reader.Read();
        if (_reader.TokenType == JsonTokenType.EndObject)
            return End;
        var name = _reader.ValueIsEscaped ? Unescaped() : _reader.ValueSpan;
        if (Error is not null)
            return End;
        var field = table.Find(name);
        if (field < 0)
        {
            Fail(table.Unknown(name));
            return End;
        }

        if ((seen & (1u << field)) != 0)
        {
            Fail(table.Duplicate(field));
            return End;
        }

        seen |= 1u << field;
        _reader.Read();
        return field;
    }

    /// <summary>Goes on to the next entry of an object whose names are the user's; false at its end.</summary>
    public bool NextEntry(out ReadOnlySpan<byte> name)
    {
        name = default;
        if (Error is not null)
            return false;
        _reader.Read();
        if (_reader.TokenType == JsonTokenType.EndObject)
            return false;
        name = _reader.ValueIsEscaped ? Unescaped() : _reader.ValueSpan;
        _reader.Read();
        return Error is null;
    }

    /// <summary>Goes on to the next element of an array; false at its end.</summary>
    public bool NextElement()
    {
        _reader.Read();
        return _reader.TokenType != JsonTokenType.EndArray;
    }

    public bool Object(FieldTable table, int field) =>
        _reader.TokenType == JsonTokenType.StartObject || Refuse(table, field);

    public bool Array(FieldTable table, int field) =>
        _reader.TokenType == JsonTokenType.StartArray || Refuse(table, field);

    /// <summary>The text as UTF-8, escapes resolved; points into the document where there are none.</summary>
    public bool Text(FieldTable table, int field, out ReadOnlySpan<byte> utf8)
    {
        utf8 = default;
        if (_reader.TokenType != JsonTokenType.String)
            return Refuse(table, field);
        utf8 = _reader.ValueIsEscaped ? Unescaped() : _reader.ValueSpan;
        return Error is null;
    }

    public bool Integer(FieldTable table, int field, int least, int most, out int value)
    {
        value = 0;
        return (IsNumber && _reader.TryGetInt32(out value) && value >= least && value <= most) || Refuse(table, field);
    }

    public bool Boolean(FieldTable table, int field, out bool value)
    {
        value = _reader.TokenType == JsonTokenType.True;
        return value || _reader.TokenType == JsonTokenType.False || Refuse(table, field);
    }

    /// <summary>A number of things: a whole number, not negative.</summary>
    public bool Count(FieldTable table, int field, out long value)
    {
        value = 0;
        return (IsNumber && _reader.TryGetInt64(out value) && value >= 0) || Refuse(table, field);
    }

    /// <summary>A moment as an answer shows it: a string of unix seconds, not 0.</summary>
    public bool Time(FieldTable table, int field, out long unixMs)
    {
        unixMs = 0;
        if (!Text(table, field, out var text))
            return false;
        var isTime = UnixTime.TryParse(Encoding.UTF8.GetString(text), UnixTime.LastDueMs, out unixMs) && unixMs > 0;
        return isTime || Refuse(table, field);
    }

    /// <summary>A number of seconds, to the nearest millisecond.</summary>
    public bool Seconds(FieldTable table, int field, long leastMs, long mostMs, out long milliseconds)
    {
        const decimal MsPerSecond = 1000;
        milliseconds = 0;
        if (!IsNumber || !_reader.TryGetDecimal(out var seconds))
            return Refuse(table, field);
        if (seconds < leastMs / MsPerSecond || seconds > mostMs / MsPerSecond)
            return Refuse(table, field);
        milliseconds = (long)decimal.Round(seconds * MsPerSecond);
        return true;
    }

    /// <summary>An object as it stands in the document, byte for byte.</summary>
    public bool RawObject(FieldTable table, int field, out ReadOnlySpan<byte> raw)
    {
        raw = default;
        if (!Object(table, field))
            return false;
        var start = (int)_reader.TokenStartIndex;
        if (!PassObject())
        {
            return Fail(ApiError.BadRequest(
                $"{table.Path(field)} is nested deeper than {MaxObjectDepth}; must be {table.Expected(field)}"));
        }

        raw = _json[start..(int)_reader.BytesConsumed];
        return true;
    }

    /// <summary>
    /// Passes over the object the reader stands on; false where it is nested deeper than a user's object may be.
    /// </summary>
    public bool PassObject()
    {
        var around = _reader.CurrentDepth;
        do
        {
            // The depth of what the reader stands on; an object that was opened last lies one deeper itself.
            if (_reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray &&
                _reader.CurrentDepth - around == MaxObjectDepth)
                return false;
            _reader.Read();
        }
        while (_reader.CurrentDepth > around);
        return true;
    }

    /// <summary>The value the reader stands on, which is well-formed and not passed.</summary>
    public readonly byte[] CopyOfValue()
    {
        var ahead = _reader;
        var start = (int)ahead.TokenStartIndex;
        ahead.Skip();
        return _json[start..(int)ahead.BytesConsumed].ToArray();
    }

    /// <summary>The token as it stands in the document.</summary>
    public readonly ReadOnlySpan<byte> RawToken() => _reader.ValueSpan;

    /// <summary>Passes over the value the reader stands on.</summary>
    public void SkipValue() => _reader.Skip();

    /// <summary>Refuses the value the reader stands on: names the field, the value and what would be right.</summary>
    public bool Refuse(FieldTable table, int field) =>
        Fail(ApiError.BadRequest($"{table.Path(field)} is {ShownValue()}; must be {table.Expected(field)}"));

    /// <summary>Refuses an entry of an object whose names are the user's.</summary>
    public bool RefuseEntry(FieldTable table, int field, ReadOnlySpan<byte> name, string why) =>
        Fail(ApiError.BadRequest($"{table.Path(field)} has \"{Shown(name)}\": {why}"));

    /// <summary>The value the reader stands on, as a message shows it.</summary>
    public readonly string ShownValue() => _reader.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => $"\"{Shown(_reader.ValueSpan)}\"",
        _ => Shown(_reader.ValueSpan),
    };

    public bool Fail(ApiError error)
    {
        Error ??= error;
        return false;
    }

    private static string Shown(ReadOnlySpan<byte> utf8) => utf8.Length <= MaxShownBytes
        ? Encoding.UTF8.GetString(utf8)
        : Encoding.UTF8.GetString(utf8[..MaxShownBytes]) + "…";

    private static int FirstInvalid(ReadOnlySpan<byte> utf8)
    {
        var position = 0;
        while (Rune.DecodeFromUtf8(utf8[position..], out _, out var consumed) == System.Buffers.OperationStatus.Done)
            position += consumed;
        return position;
    }

    private ReadOnlySpan<byte> Unescaped()
    {
        var text = new byte[_reader.ValueSpan.Length];
        try
        {
            return text.AsSpan(0, _reader.CopyString(text));
        }
        catch (InvalidOperationException)
        {
            // The reader's way of saying that an escaped surrogate lacks its other half.
            Fail(ApiError.BadRequest($"\"{Shown(_reader.ValueSpan)}\" has half of a surrogate pair, which is no text"));
            return default;
        }
    }
}
