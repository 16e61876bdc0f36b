using System.Collections.Immutable;

namespace XCron.Raft.Storage;

/// <summary>
/// The term of every entry from a base on, as runs of equal terms. Immutable, so that what is staged and what is written
/// can share one; it changes only with the term, so the hot path allocates nothing.
/// </summary>
internal sealed class TermRuns
{
    // Invariant: never empty; First strictly rises; the first run begins at the base.
    private readonly ImmutableArray<(LogIndex First, Term Term)> _runs;

    private TermRuns(ImmutableArray<(LogIndex First, Term Term)> runs) => _runs = runs;

    /// <summary>The first index whose term is known: the one before the first entry.</summary>
    public LogIndex Base => _runs[0].First;

    /// <summary>The term of the last entry, or of the base where there is none.</summary>
    public Term LastTerm => _runs[^1].Term;

    public static TermRuns StartingAt(LogIndex index, Term term) => new([(index, term)]);

    /// <summary>The term at an index from <see cref="Base"/> up to the last.</summary>
    public Term At(LogIndex index) => _runs[RunOf(index)].Term;

    /// <summary>With one more entry at the end.</summary>
    public TermRuns Append(LogIndex index, Term term) => term == LastTerm ? this : new(_runs.Add((index, term)));

    /// <summary>With <paramref name="last"/> as the last entry.</summary>
    public TermRuns EndingAt(LogIndex last)
    {
        var kept = RunOf(last) + 1;
        return kept == _runs.Length ? this : new(_runs[..kept]);
    }

    /// <summary>With a base further on, so that the runs do not grow without end.</summary>
    public TermRuns WithBase(LogIndex index)
    {
        if (index <= Base)
            return this;

        var run = RunOf(index);
        return new([(index, _runs[run].Term), .. _runs[(run + 1)..]]);
    }

    private int RunOf(LogIndex index)
    {
        Invariant.Require(index >= Base, "the term of an entry is asked only where it is known");
        var low = 0;
        var high = _runs.Length - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (_runs[middle].First <= index)
                low = middle;
            else
                high = middle - 1;
        }

        return low;
    }
}
