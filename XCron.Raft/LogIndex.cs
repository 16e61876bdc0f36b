using System.Globalization;

namespace XCron.Raft;

/// <summary>A place in the replicated log. The first entry stands at 1; 0 is before it.</summary>
/// <param name="Value">0 or more.</param>
public readonly record struct LogIndex(long Value) : IComparable<LogIndex>
{
    /// <summary>Before the first entry.</summary>
    public static LogIndex Zero => default;

    /// <summary>The place after this one.</summary>
    internal LogIndex Next => new(Value + 1);

    /// <summary>The place before this one; of <see cref="Zero"/> there is none.</summary>
    internal LogIndex Previous => new(Value - 1);

    /// <summary>The smaller of two.</summary>
    internal static LogIndex Min(LogIndex left, LogIndex right) => left.Value <= right.Value ? left : right;

    /// <summary>The larger of two.</summary>
    internal static LogIndex Max(LogIndex left, LogIndex right) => left.Value >= right.Value ? left : right;

    /// <inheritdoc/>
    public int CompareTo(LogIndex other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Whether <paramref name="left"/> comes first.</summary>
    public static bool operator <(LogIndex left, LogIndex right) => left.Value < right.Value;

    /// <summary>Whether <paramref name="left"/> comes later.</summary>
    public static bool operator >(LogIndex left, LogIndex right) => left.Value > right.Value;

    /// <summary>Whether <paramref name="left"/> does not come later.</summary>
    public static bool operator <=(LogIndex left, LogIndex right) => left.Value <= right.Value;

    /// <summary>Whether <paramref name="left"/> does not come first.</summary>
    public static bool operator >=(LogIndex left, LogIndex right) => left.Value >= right.Value;

    /// <summary>How many places <paramref name="left"/> is past <paramref name="right"/>.</summary>
    public static long operator -(LogIndex left, LogIndex right) => left.Value - right.Value;

    /// <summary>The place so many further on.</summary>
    public static LogIndex operator +(LogIndex left, long count) => new(left.Value + count);
}
