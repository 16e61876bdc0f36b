using System.Globalization;

namespace XCron.Raft;

/// <summary>
/// A node's identity: random, made with its data directory, never its address. 0 is nobody. Printed as 16 hex digits.
/// </summary>
/// <param name="Value">Any non-zero number.</param>
public readonly record struct NodeId(ulong Value) : IComparable<NodeId>
{
    /// <summary>Nobody.</summary>
    public static NodeId None => default;

    /// <inheritdoc/>
    public int CompareTo(NodeId other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);
}
