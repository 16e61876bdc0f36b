using System.Diagnostics.CodeAnalysis;

namespace XCron.Raft;

/// <summary>Checks that stay on in Release: a node whose state contradicts itself must stop, not go on.</summary>
internal static class Invariant
{
    /// <summary>Throws <see cref="InvariantException"/> unless the condition holds.</summary>
    public static void Require([DoesNotReturnIf(false)] bool condition, string whatMustHold)
    {
        if (!condition)
            throw new InvariantException(whatMustHold);
    }
}

/// <summary>
/// A defect of this library, or damage it did not foresee. The node stops, and <see cref="RaftNode.Completion"/> is
/// faulted with this; the process should end.
/// </summary>
public sealed class InvariantException : Exception
{
    internal InvariantException(string whatMustHold)
        : base($"Broken invariant: {whatMustHold}")
    {
    }
}
