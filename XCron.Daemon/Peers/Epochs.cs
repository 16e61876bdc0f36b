namespace XCron.Daemon.Peers;

/// <summary>
/// How often a cluster was recovered from a lost quorum. Nodes of two epochs have two histories: neither takes anything
/// from the other.
/// </summary>
internal static class Epochs
{
    /// <summary>Why one that says it is of this epoch is refused, or null.</summary>
    public static string? Refusal(long theirs, long ours)
    {
        if (theirs == ours)
            return null;

        return theirs < ours
            ? $"this cluster was recovered under epoch {ours}; the asker's data is of epoch {theirs}, a side that was "
              + "given up: set it aside (xcron_server recover --rejoin) and join anew"
            : $"this node's data is of epoch {ours}; its cluster was recovered without it under epoch {theirs}: set it "
              + "aside (xcron_server recover --rejoin) and join anew";
    }
}
