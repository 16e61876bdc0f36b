using XCron.Daemon.Commands;

namespace XCron.Daemon.Firing;

/// <summary>A granted attempt that is to be made; small, since a million may wait.</summary>
/// <param name="Task">Whose.</param>
/// <param name="RunSequence">The run's number.</param>
/// <param name="Attempt">The attempt's number in the run.</param>
/// <param name="Revision">The record's revision that the grant made.</param>
/// <param name="ProposedTimestamp">
/// When the claim was first proposed, by the TimeProvider: from then on it was sure that the shard is this node's.
/// </param>
internal readonly record struct AttemptTicket(
    TaskId Task, long RunSequence, int Attempt, long Revision, long ProposedTimestamp)
{
    /// <summary>For a claim of which it is not known when it was proposed; ownership is then checked anew.</summary>
    public const long NotKnown = long.MinValue;
}
