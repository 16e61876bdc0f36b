namespace XCron.Raft;

/// <summary>What came of a step of <see cref="RaftRecovery"/>.</summary>
public abstract record RecoveryOutcome
{
    private protected RecoveryOutcome()
    {
    }

    /// <summary>It is done, and durable.</summary>
    /// <param name="Folder">The folder in the data directory that now has the files set aside.</param>
    /// <param name="Membership">Its configuration from now on; null: it belongs to no cluster.</param>
    public sealed record Done(string Folder, Membership? Membership) : RecoveryOutcome;

    /// <summary>Nothing was changed.</summary>
    /// <param name="Why">In words, for whoever asked.</param>
    public sealed record Refused(string Why) : RecoveryOutcome;
}
