using System.Globalization;

namespace XCron.Raft;

/// <summary>A term of Raft (§5.1): at most one leader each, only ever rising. 0 is before the first election.</summary>
/// <param name="Value">0 or more.</param>
public readonly record struct Term(long Value) : IComparable<Term>
{
    internal Term Next => new(Value + 1);

    /// <inheritdoc/>
    public int CompareTo(Term other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Whether <paramref name="left"/> is the older one.</summary>
    public static bool operator <(Term left, Term right) => left.Value < right.Value;

    /// <summary>Whether <paramref name="left"/> is the newer one.</summary>
    public static bool operator >(Term left, Term right) => left.Value > right.Value;

    /// <summary>Whether <paramref name="left"/> is not the newer one.</summary>
    public static bool operator <=(Term left, Term right) => left.Value <= right.Value;

    /// <summary>Whether <paramref name="left"/> is not the older one.</summary>
    public static bool operator >=(Term left, Term right) => left.Value >= right.Value;
}
