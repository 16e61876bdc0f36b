using XCron.Daemon.Commands;
using XCron.Raft;

namespace XCron.Daemon.State;

/// <summary>
/// The open runs of a task, one at least, the one that was claimed last first. More than one where its runs may
/// overlap, or one was asked for by hand while others wait for their retries. Immutable.
/// </summary>
internal sealed class OpenRuns : IEquatable<OpenRuns>
{
    /// <summary>How many runs of one task may be open; a due time beyond them waits until one ends.</summary>
    public const int Most = 16;

    // Invariant: never empty; no two of one sequence.
    private readonly OpenRun[] _runs;

    private OpenRuns(OpenRun[] runs) => _runs = runs;

    public OpenRun First => _runs[0];

    public int Count => _runs.Length;

    public ReadOnlySpan<OpenRun> AsSpan() => _runs;

    public static OpenRuns? Of(ReadOnlySpan<OpenRun> runs) => runs.IsEmpty ? null : new OpenRuns(runs.ToArray());

    public OpenRun? Find(long sequence)
    {
        foreach (var run in _runs)
        {
            if (run.Sequence == sequence)
                return run;
        }

        return null;
    }

    /// <summary>How many have an attempt on its way.</summary>
    public int CountClaimed()
    {
        var count = 0;
        foreach (var run in _runs)
            count += run.ClaimedBy.IsNone ? 0 : 1;
        return count;
    }

    /// <summary>
    /// Whose attempts are on their way: nodes, each once. That of an imported run is no node's of this cluster.
    /// </summary>
    public NodeId[] Callers() =>
        [.. _runs.Select(static run => run.ClaimedBy.Node).Where(static node => node != NodeId.None).Distinct()];

    /// <summary>Whether one waits for its owner's successor.</summary>
    public bool HasForeign(OwnerSession owner)
    {
        foreach (var run in _runs)
        {
            if (!run.ClaimedBy.IsNone && run.ClaimedBy != owner)
                return true;
        }

        return false;
    }

    /// <summary>When the first retry is to be made; 0 where none is waited for.</summary>
    public long FirstRetryMs()
    {
        var firstMs = 0L;
        foreach (var run in _runs)
        {
            if (run.ClaimedBy.IsNone && run.RetryAtMs != 0 && (firstMs == 0 || run.RetryAtMs < firstMs))
                firstMs = run.RetryAtMs;
        }

        return firstMs;
    }

    /// <summary>With this run in first place, in which it replaces itself as it was before.</summary>
    public static OpenRuns With(OpenRuns? before, OpenRun run)
    {
        var others = Without(before, run.Sequence);
        return new OpenRuns(others is null ? [run] : [run, .. others._runs]);
    }

    public static OpenRuns? Without(OpenRuns? before, long sequence)
    {
        if (before?.Find(sequence) is null)
            return before;
        return before.Count == 1 ? null : new OpenRuns(Array.FindAll(before._runs, run => run.Sequence != sequence));
    }

    public bool Equals(OpenRuns? other) => other is not null && _runs.AsSpan().SequenceEqual(other._runs);

    public override bool Equals(object? obj) => Equals(obj as OpenRuns);

    public override int GetHashCode() => _runs[0].GetHashCode();
}
