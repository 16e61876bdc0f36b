using System.Text;

namespace XCron.Daemon.Tests.Soak;

/// <summary>What the nemesis does to nodes.</summary>
internal enum FaultKind
{
    /// <summary>kill -9, and started again.</summary>
    Kill,

    /// <summary>kill -9 of every node.</summary>
    KillAll,

    /// <summary>SIGSTOP, SIGCONT.</summary>
    Pause,

    /// <summary>SIGTERM, and started again.</summary>
    Stop,

    /// <summary>SIGTERM of one node after the other.</summary>
    Roll,

    /// <summary>Cut off from peers: both ways, one way, or from one peer only.</summary>
    Cut,

    /// <summary>Bytes between peers are delayed, or stall as they do where packets are lost.</summary>
    Slow,

    /// <summary>No space is left in raft_dir.</summary>
    DiskFull,

    /// <summary>The wall clock is wrong for a while.</summary>
    Skew,

    /// <summary>Leadership is handed to another.</summary>
    Transfer,

    /// <summary>Killed, and started again with an empty directory.</summary>
    Wipe,

    /// <summary>
    /// Nobody's doing: a server that was asked to end said that the time it has for that was over before all its
    /// callbacks had ended and were recorded.
    /// </summary>
    CutOff,

    /// <summary>Nobody's doing: the machine gave the soak itself no time for more than a second.</summary>
    Starved,
}

/// <summary>A fault as it was: from its begin until the node was ready again.</summary>
internal sealed record FaultWindow(FaultKind Kind, int Node, long FromMs, long ToMs)
{
    /// <summary>By how much the clock was ahead of the true one; below 0 where it was behind.</summary>
    public long AheadMs { get; init; }

    public bool Touches(long fromMs, long toMs) => FromMs <= toMs && ToMs >= fromMs;
}

/// <summary>The names by which faults are printed and left out.</summary>
internal static class FaultNames
{
    public static string Of(FaultKind kind)
    {
        var name = new StringBuilder();
        foreach (var letter in kind.ToString())
            name.Append(char.IsUpper(letter) && name.Length > 0 ? "-" : "").Append(char.ToLowerInvariant(letter));
        return name.ToString();
    }

    public static FaultKind? Find(string name)
    {
        foreach (var kind in Enum.GetValues<FaultKind>())
        {
            if (Of(kind) == name)
                return kind;
        }

        return null;
    }
}
