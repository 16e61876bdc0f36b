using System.Globalization;

namespace XCron.Raft.Tests.Simulation;

/// <summary>How often each rare event was reached. The numbers are those of the checklist in docs of the project.
/// </summary>
internal sealed class Coverage
{
    private static readonly (RareEvent Event, string Checklist)[] Known =
    [
        (RareEvent.VoteRefusedForItsLog, "4"),
        (RareEvent.VoteRefusedAsGivenAway, "2, 5"),
        (RareEvent.VoteSplit, "6"),
        (RareEvent.VoteForStranger, "42, 43"),
        (RareEvent.PreVoteRefusedForFreshLeader, "22, 26"),
        (RareEvent.PreVoteRefusalTaughtTerm, "23"),
        (RareEvent.LeaderUnderCuts, "27"),
        (RareEvent.EvenVotersElected, "28, 44"),
        (RareEvent.JointElection, "39"),
        (RareEvent.LeaderSteppedDownUnheard, "25"),
        (RareEvent.CommitBeforeOwnFlush, "9, 19"),
        (RareEvent.CommitAlone, "10"),
        (RareEvent.OldTermOnMajorityNotCommitted, "7, 8"),
        (RareEvent.SuffixTruncated, "11"),
        (RareEvent.UndurableSuffixTruncated, "20, 21"),
        (RareEvent.LateAppendShortenedNothing, "12, 16"),
        (RareEvent.AnswersLostAndFoundOut, "17, 18"),
        (RareEvent.EntriesReadFromDisk, "48"),
        (RareEvent.SnapshotInstalled, "46, 49"),
        (RareEvent.SnapshotOverConflictingLog, "46"),
        (RareEvent.SnapshotResumed, "47"),
        (RareEvent.StartFromSnapshotAlone, "49"),
        (RareEvent.JointCompletedByAnother, "39"),
        (RareEvent.ConfigurationRolledBack, "38"),
        (RareEvent.LearnerPromoted, "43, 45"),
        (RareEvent.LeaderRemovedItself, "40"),
        (RareEvent.RemovedNodeLearnedIt, "41"),
        (RareEvent.TransferDone, "29"),
        (RareEvent.TransferFailed, "29, 30"),
        (RareEvent.ReadAtFollower, "33"),
        (RareEvent.ReadFailed, "33"),
        (RareEvent.ReadBeforeFirstCommit, "31"),
        (RareEvent.DeposedLeaderDoesNotKnow, "25, 32"),
        (RareEvent.LateReadAnswer, "32"),
        (RareEvent.LateReadAnswerToDeposed, "32"),
        (RareEvent.UnknownOutcomeWasApplied, "52"),
        (RareEvent.OverloadedThenServed, "53"),
        (RareEvent.DiskFullThenServed, "61"),
        (RareEvent.TornTailCut, "57"),
        (RareEvent.DiedWithinDiskOperation, "56, 60"),
        (RareEvent.DiskErrorEndedProcess, "61"),
        (RareEvent.DiskErrorRefusedStart, "61"),
        (RareEvent.DamageRefusedStart, "58, 59"),
        (RareEvent.DamageNoticedWhileRunning, "58"),
        (RareEvent.DamageUnnoticed, "58"),
        (RareEvent.HurtNodeReplaced, "63"),
        (RareEvent.AllDownAtOnce, "54, 55"),
        (RareEvent.DiskStalledLeader, "61"),
    ];

    private readonly long[] _counts = new long[Known.Length];

    public long this[RareEvent reached] => _counts[(int)reached];

    public IEnumerable<RareEvent> Missing => Known.Select(known => known.Event).Where(rare => this[rare] == 0);

    public void Reached(RareEvent rare) => _counts[(int)rare]++;

    public void Add(Coverage other)
    {
        for (var i = 0; i < _counts.Length; i++)
            _counts[i] += other._counts[i];
    }

    /// <summary>Each with its count and the checklist's numbers, and in the end how many were reached.</summary>
    public IEnumerable<string> Report()
    {
        foreach (var (rare, checklist) in Known)
            yield return string.Create(CultureInfo.InvariantCulture, $"{this[rare],10}  {rare} ({checklist})");

        string[] missing = [.. Missing.Select(static rare => rare.ToString())];
        yield return $"covered {Known.Length - missing.Length} of {Known.Length}"
            + (missing.Length == 0 ? "" : "; missing: " + string.Join(", ", missing));
    }
}
