using System.Text;

namespace XCron.Daemon.Api;

/// <summary>One field of a request's body or parameter of its query: read, refused and documented by this.</summary>
/// <param name="Name">As a client writes it.</param>
/// <param name="Type">What it is in JSON.</param>
/// <param name="Expected">What would be right, to follow "must be".</param>
internal sealed record Field(string Name, FieldType Type, string Expected)
{
    public byte[] Utf8Name { get; } = Encoding.UTF8.GetBytes(Name);

    /// <summary>What it is for, a sentence; empty where the name says it.</summary>
    public string Doc { get; init; } = "";

    public bool IsRequired { get; init; }

    /// <summary>May be given as null, which sets it back to its default.</summary>
    public bool IsNullable { get; init; }

    /// <summary>Known only to be refused in words of its own, and not told of as one that may be given.</summary>
    public bool IsRefused { get; init; }

    /// <summary>Of a query: may be given more than once.</summary>
    public bool IsRepeated { get; init; }

    /// <summary>Of an object: its fields. Of an array: those of its elements. Asked for late, so that tables may stand
    /// in any order.</summary>
    public Func<FieldTable>? Fields { get; init; }
}

/// <summary>The types of JSON, as far as requests have them.</summary>
internal enum FieldType
{
    Text,
    Integer,
    Number,
    Boolean,
    Object,
    Array,
}
